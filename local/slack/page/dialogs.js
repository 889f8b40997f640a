// What opens over the page: the question a button asks first, an app's dialogs, and what went wrong.

import { blocksOf } from "./blocks.js";
import { element } from "./dom.js";
import { richText } from "./mrkdwn.js";

const byId = (id) => document.getElementById(id);

// Ask what a button's `confirm` object asks; answers whether people say yes.
export function confirmed(confirm, people) {
  const dialog = byId("confirm");
  return new Promise((resolve) => {
    const answer = (yes) => () => { dialog.close(yes ? "yes" : "no"); };
    dialog.replaceChildren(
      element("header", {}, element("h2", {}, ...richText(confirm.title, people))),
      element("div", { class: "content" }, ...richText(confirm.text, people)),
      element("footer", {},
        element("button", { type: "button", class: "button", onclick: answer(false) }, ...richText(confirm.deny, people)),
        element("button", { type: "button", class: `button ${confirm.style ?? "primary"} filled`, onclick: answer(true) },
          ...richText(confirm.confirm, people))),
    );
    dialog.returnValue = "no";
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
    dialog.showModal();
  });
}

let shown = "";

// Show the user's open view, if there is one, as it stands; `act` is told "submit" or "close".
export function showView(kept, people, act) {
  const dialog = byId("view"), content = JSON.stringify(kept ?? null);
  if (content === shown) return;
  shown = content;
  if (!kept) {
    dialog.close();
    return;
  }
  dialog.replaceChildren(...partsOf(kept, people, act));
  dialog.oncancel = (event) => { event.preventDefault(); act("close", kept); };
  if (!dialog.open) dialog.showModal();
}

function partsOf(kept, people, act) {
  const { view, errors } = kept;
  const leave = () => act("close", kept);
  const buttons = [element("button", { type: "button", class: "button", onclick: leave }, ...richText(view.close ?? "Cancel", people))];
  if (view.submit) {
    const submit = element("button", { type: "button", class: "button primary filled" }, ...richText(view.submit, people));
    submit.addEventListener("click", async () => {
      submit.disabled = true;
      await act("submit", kept);
      submit.disabled = false;
    });
    buttons.push(submit);
  }
  const faults = Object.values(errors ?? {}).map((fault) => element("p", { class: "fault", role: "alert" }, String(fault)));
  return [
    element("header", {},
      element("img", { class: "avatar", src: "page/icon.svg", alt: "" }),
      element("h2", {}, ...richText(view.title, people)),
      element("button", { type: "button", class: "icon-button", "aria-label": "Close", onclick: leave }, "\u00d7")),
    element("div", { class: "content" }, ...blocksOf(view.blocks, people, () => toast("Buttons in dialogs do nothing here.")), ...faults),
    element("footer", {}, ...buttons),
  ];
}

let fading;

export function toast(sentence) {
  const box = byId("toast");
  box.textContent = sentence;
  box.hidden = false;
  clearTimeout(fading);
  fading = setTimeout(() => { box.hidden = true; }, 6000);
}
