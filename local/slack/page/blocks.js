// Block Kit's blocks as DOM nodes.

import { element } from "./dom.js";
import { link, richText, unescape, webAddress } from "./mrkdwn.js";

// `press(button, node)` is called for a button's press; `people` are the names of users.
export function blocksOf(blocks, people, press) {
  return blocks.map((block, number) => {
    const make = KINDS[block.type];
    const made = make ? make(block, people, press) : element("p", { class: "faint" }, `[${block.type}]`);
    made.classList.add("block");
    made.dataset.block = block.block_id ?? `b${number}`;
    return made;
  });
}

const KINDS = {
  header: (block, people) => element("h3", { class: "header" }, ...richText(block.text, people)),
  divider: () => element("hr"),
  section: sectionOf,
  context: (block, people) => element("div", { class: "context" }, ...block.elements.map((each) => contextOf(each, people))),
  actions: (block, people, press) => element("div", { class: "actions" }, ...block.elements.map((each) => buttonOf(each, press))),
  image: (block, people) => imageOf(block, people, "picture"),
};

function sectionOf(block, people, press) {
  const body = element("div", { class: "body" });
  if (block.text) body.append(element("div", { class: "text" }, ...richText(block.text, people)));
  if (block.fields) body.append(fieldsOf(block.fields, people));
  const accessory = block.accessory && accessoryOf(block.accessory, people, press);
  return element("div", { class: "section" }, body, accessory);
}

function fieldsOf(fields, people) {
  return element("div", { class: "fields" }, ...fields.map((field) => element("div", {}, ...richText(field, people))));
}

function accessoryOf(accessory, people, press) {
  return accessory.type === "image" ? imageOf(accessory, people, "thumbnail") : buttonOf(accessory, press);
}

function contextOf(each, people) {
  return each.type === "image" ? imageOf(each, people, "tiny") : element("div", {}, ...richText(each, people));
}

function imageOf(image, people, size) {
  const shown = element("img", { class: size, src: addressOf(image), alt: unescape(image.alt_text ?? "") });
  shown.addEventListener("error", () => shown.replaceWith(missing(image, size)), { once: true });
  if (size !== "picture") return shown;
  const title = image.title && element("figcaption", {}, ...richText(image.title, people));
  return element("figure", {}, title, shown);
}

// A file of this workspace is here; anything else is where its address says.
function addressOf(image) {
  if (image.slack_file) return `file/${encodeURIComponent(image.slack_file.id ?? "")}`;
  return webAddress(image.image_url ?? "") ?? "";
}

// This page fetches from this machine only; any other image is named and linked.
function missing(image, size) {
  const address = webAddress(image.image_url ?? "");
  const name = unescape(image.alt_text ?? "image");
  return element("span", { class: `missing ${size}`, title: address }, address ? link(address, name) : name);
}

function buttonOf(button, press) {
  const name = richText(button.text);
  const node = element("button", { type: "button", class: `button ${button.style ?? ""}`, "data-action": button.action_id }, ...name);
  node.addEventListener("click", () => press(button, node));
  return node;
}
