// The page: asks twice a second what the workspace holds, and shows what changed.

import { blocksOf } from "./blocks.js";
import { confirmed, showView, toast } from "./dialogs.js";
import { element, reconcile } from "./dom.js";
import { nearDay, richText, webAddress } from "./mrkdwn.js";

const POLL = 500;
const byId = (id) => document.getElementById(id);
const at = (ts) => new Date(Number(ts) * 1000);
const clock = (ts) => at(ts).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });

let state = { channels: [], users: [], messages: [], ephemerals: [], views: [] };
let people = new Map();
let thread = null;
const seen = new Map();
const waiting = new Set();

const user = () => byId("user").value;
const channel = () => state.channels.find((each) => each.id === location.hash.slice(1)) ?? state.channels[0];

async function poll() {
  try {
    const answer = await fetch("state", { cache: "no-cache" });
    const text = await answer.text();
    connected(answer.ok);
    if (answer.ok && text !== poll.last) {
      poll.last = text;
      state = JSON.parse(text);
      render();
    }
  } catch {
    connected(false);
  }
}

function connected(yes) {
  byId("connection").textContent = yes ? "live" : "not connected";
  byId("connection").classList.toggle("lost", !yes);
}

function render() {
  people = new Map(state.users.map(({ id, name }) => [id, name]));
  renderUsers();
  renderMessages();
  renderChannels();
  renderThread();
  showView(state.views.findLast((kept) => kept.user === user()), people, act);
}

function renderUsers() {
  const picker = byId("user");
  if (picker.options.length) return;
  picker.append(...state.users.map(({ id, name }) => element("option", { value: id }, name)));
  picker.value = sessionStorage.getItem("user") ?? state.users[0]?.id;
}

function renderChannels() {
  const things = state.channels.map((each) => {
    const roots = state.messages.filter((message) => message.channel === each.id && !message.thread_ts).length;
    const here = each.id === channel().id;
    if (here || !seen.has(each.id)) seen.set(each.id, roots);
    return { ...each, here, unread: roots - seen.get(each.id) };
  });
  reconcile(byId("channels"), things, (each) => each.id, ({ id, name, here, unread }) =>
    element("li", {}, element("a", { href: `#${id}`, class: unread ? "unread" : "", "aria-current": here && "page" },
      element("span", { class: "hash" }, "#"), element("span", { class: "name" }, name),
      unread ? element("span", { class: "badge" }, String(unread)) : null)));
}

function renderMessages() {
  const here = channel();
  if (!here) return;
  const roots = state.messages.filter((message) => message.channel === here.id && !message.thread_ts);
  const hidden = ephemerals((each) => each.channel === here.id && !each.thread_ts);
  byId("channel-name").replaceChildren(element("span", { class: "hash" }, "#"), here.name);
  byId("channel-count").textContent = `${roots.length} ${roots.length === 1 ? "message" : "messages"}`;
  document.title = `#${here.name} | Local Slack`;
  const things = withDays([...roots, ...hidden].sort(byTs).map((message) => ({ message, replies: repliesOf(message) })));
  show(byId("messages"), things, "Nothing has been posted here yet. What the app posts appears by itself.");
}

function renderThread() {
  const root = thread && state.messages.find((message) => message.ts === thread);
  byId("thread").hidden = !root;
  document.body.classList.toggle("with-thread", Boolean(root));
  if (!root) return;
  const hidden = ephemerals((each) => each.thread_ts === root.ts);
  byId("thread-channel").textContent = `#${channel().name}`;
  const replies = [...repliesOf(root), ...hidden].sort(byTs).map((message) => ({ message, replies: [] }));
  const ruler = { ruler: replies.length === 1 ? "1 reply" : `${replies.length} replies`, id: "ruler" };
  show(byId("thread-messages"), [{ message: root, replies: [] }, ruler, ...replies], "");
}

const byTs = (one, other) => Number(one.ts) - Number(other.ts);
const ephemerals = (which) => state.ephemerals.filter((each) => each.user === user() && which(each)).map((each) => ({ ...each, hidden: true }));
const repliesOf = (root) => state.messages.filter((each) => each.thread_ts === root.ts && each.channel === root.channel);

function withDays(things) {
  let last = "";
  return things.flatMap((thing) => {
    const day = dayOf(at(thing.message.ts));
    if (day === last) return [thing];
    last = day;
    return [{ ruler: day, id: `day-${day}` }, thing];
  });
}

function dayOf(when) {
  return nearDay(when) ?? when.toLocaleDateString("en-US", { weekday: "long", month: "long", day: "numeric" });
}

function show(list, things, empty) {
  const stick = list.scrollHeight - list.scrollTop - list.clientHeight < 80;
  const shown = things.length ? things : [{ ruler: empty, id: "empty", empty: true }];
  reconcile(list, shown, (thing) => thing.id ?? thing.message.ts, (thing) => (thing.ruler ? rulerOf(thing) : messageOf(thing)));
  if (stick) list.scrollTop = list.scrollHeight;
}

function rulerOf({ ruler, empty }) {
  return element("li", { class: empty ? "empty" : "ruler" }, element("span", {}, ruler));
}

function messageOf({ message, replies }) {
  const full = at(message.ts).toLocaleString("en-GB");
  const body = message.blocks?.length ? blocksOf(message.blocks, people, (button, node) => press(message, button, node))
    : [element("div", { class: "text" }, ...richText(message.text, people))];
  return element("li", { class: `message ${message.hidden ? "hidden-message" : ""}`, "data-ts": message.ts },
    element("img", { class: "avatar", src: "page/icon.svg", alt: "" }),
    element("div", { class: "content" },
      message.hidden ? element("div", { class: "only-you" }, "Only visible to you") : null,
      element("div", { class: "by" },
        element("b", {}, "SageWatch"), element("span", { class: "app" }, "APP"),
        element("time", { class: "faint", title: full }, clock(message.ts)),
        message.edited ? element("span", { class: "faint edited", title: at(message.edited.ts).toLocaleString("en-GB") }, "(edited)") : null),
      ...body,
      replies.length ? repliesBar(message, replies) : null));
}

function repliesBar(message, replies) {
  const last = replies.at(-1).ts;
  const count = replies.length === 1 ? "1 reply" : `${replies.length} replies`;
  return element("button", { type: "button", class: "replies", onclick: () => openThread(message.ts) },
    element("img", { class: "avatar mini", src: "page/icon.svg", alt: "" }),
    element("b", {}, count), element("span", { class: "faint" }, `Last reply ${nearDay(at(last))?.toLowerCase() ?? dayOf(at(last))} at ${clock(last)}`));
}

function openThread(ts) {
  thread = ts;
  renderThread();
  byId("thread-messages").scrollTop = byId("thread-messages").scrollHeight;
}

async function press(message, button, node) {
  if (button.url) window.open(webAddress(button.url) ?? "about:blank", "_blank", "noopener");
  if (button.confirm && !(await confirmed(button.confirm, people))) return;
  const key = `${message.ts} ${button.action_id}`;
  if (waiting.has(key)) return;
  waiting.add(key);
  node.classList.add("waiting");
  await send("press", { ts: message.ts, action_id: button.action_id, user: user() }, Boolean(button.url));
  waiting.delete(key);
  node.classList.remove("waiting");
}

// A dialog's button: "submit" or "close".
async function act(what, kept) {
  await send(what, { view_id: kept.id, user: kept.user });
}

async function send(what, order, quiet = false) {
  try {
    const answer = await fetch(what, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(order) });
    const told = await answer.json();
    if (!told.ok && !quiet) toast(sentence(told));
  } catch {
    toast("The local Slack does not answer.");
  }
  await poll();
}

function sentence({ status, error, body }) {
  if (error) return error;
  return status ? `The app answered ${status}${body ? `: ${body}` : "."}` : `The app did not answer: ${body}`;
}

byId("user").addEventListener("change", () => { sessionStorage.setItem("user", user()); render(); });
byId("thread-close").addEventListener("click", () => { thread = null; renderThread(); });
window.addEventListener("hashchange", () => { thread = null; byId("messages").replaceChildren(); render(); });
await poll();
byId("messages").scrollTop = byId("messages").scrollHeight;
setInterval(poll, POLL);
