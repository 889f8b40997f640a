// Slack's mrkdwn as DOM nodes. Text becomes text nodes; the only attribute ever taken from a message is a web address.

import { element } from "./dom.js";

const ENTITIES = { "&lt;": "<", "&gt;": ">", "&amp;": "&" };
const EMOJI = {
  white_check_mark: "\u2714", heavy_check_mark: "\u2714", warning: "\u26a0", x: "\u2716", no_entry: "\u26d4",
  information_source: "\u2139", hourglass: "\u29d6", hourglass_flowing_sand: "\u29d6", stopwatch: "\u23f1",
  moneybag: "$", red_circle: "\u25cf", large_green_circle: "\u25cf", rotating_light: "\u26a0", bell: "\u266a",
};
const GOOD = new Set(["white_check_mark", "heavy_check_mark", "large_green_circle"]);
// What may stand in a line: <...>, `code`, then *bold*, _italic_, ~strike~ between what is no letter, and :emoji:
const INLINE = new RegExp(
  [
    "<(?<special>[^<>\\n]+)>",
    "`(?<code>[^`\\n]+)`",
    "(?<![\\p{L}\\p{N}*])\\*(?<bold>[^\\s*](?:[^*\\n]*[^\\s*])?)\\*(?![\\p{L}\\p{N}*])",
    "(?<![\\p{L}\\p{N}_])_(?<italic>[^\\s_](?:[^_\\n]*[^\\s_])?)_(?![\\p{L}\\p{N}_])",
    "(?<![\\p{L}\\p{N}~])~(?<strike>[^\\s~](?:[^~\\n]*[^\\s~])?)~(?![\\p{L}\\p{N}~])",
    ":(?<emoji>[a-z0-9_+-]+):",
  ].join("|"),
  "gu",
);
const TAGS = { bold: "b", italic: "i", strike: "s" };

export function unescape(text) {
  return String(text).replace(/&(?:lt|gt|amp);/g, (entity) => ENTITIES[entity]);
}

export function webAddress(text) {
  const address = unescape(text);
  return /^(?:https?:\/\/|mailto:)/i.test(address) ? address : null;
}

export function link(address, ...children) {
  return element("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, ...children);
}

// A text object, or a string of mrkdwn, as nodes.
export function richText(text, people) {
  if (text && typeof text === "object" && text.type === "plain_text") return [document.createTextNode(unescape(text.text))];
  return blocksOf(String(text?.text ?? text ?? ""), people);
}

function blocksOf(text, people) {
  return text.split(/```\n?([\s\S]+?)\n?```\n?/).flatMap((part, number) => {
    if (number % 2) return [element("pre", {}, plainOf(part, people))];
    return part ? quotesOf(part, people) : [];
  });
}

function quotesOf(text, people) {
  const nodes = [];
  let lines = [], quoted = false;
  const flush = () => {
    if (lines.length) nodes.push(element(quoted ? "blockquote" : "p", {}, ...linesOf(lines, people)));
    lines = [];
  };
  for (const line of text.replace(/\n$/, "").split("\n")) {
    const quote = line.match(/^(?:>|&gt;) ?(.*)$/);
    if (Boolean(quote) !== quoted) flush();
    quoted = Boolean(quote);
    lines.push(quote ? quote[1] : line);
  }
  flush();
  return nodes;
}

function linesOf(lines, people) {
  return lines.flatMap((line, number) => (number ? [element("br"), ...inline(line, people)] : inline(line, people)));
}

export function inline(text, people) {
  const nodes = [];
  let place = 0;
  for (const match of text.matchAll(INLINE)) {
    nodes.push(document.createTextNode(unescape(text.slice(place, match.index))), piece(match, people));
    place = match.index + match[0].length;
  }
  nodes.push(document.createTextNode(unescape(text.slice(place))));
  return nodes;
}

function piece(match, people) {
  const { special, code, emoji } = match.groups;
  if (special !== undefined) return specialOf(special, match[0], people);
  if (code !== undefined) return element("code", {}, plainOf(code, people));
  if (emoji !== undefined) return emojiOf(emoji, match[0]);
  const [kind, tag] = Object.entries(TAGS).find(([name]) => match.groups[name] !== undefined);
  return element(tag, {}, ...inline(match.groups[kind], people));
}

// Code shows what is written, but for entities and the names that links have.
function plainOf(text, people) {
  return inlineText(text.replace(/<([^<>\n]+)>/g, (whole, special) => specialOf(special, whole, people).textContent));
}

function inlineText(text) {
  return document.createTextNode(unescape(text));
}

function emojiOf(name, whole) {
  if (!EMOJI[name]) return document.createTextNode(whole);
  return element("span", { class: `emoji ${GOOD.has(name) ? "good" : ""}`, title: whole, role: "img" }, EMOJI[name]);
}

function specialOf(special, whole, people) {
  const bar = special.indexOf("|");
  const target = bar < 0 ? special : special.slice(0, bar);
  const label = bar < 0 ? null : special.slice(bar + 1);
  if (target.startsWith("!date^")) return dateOf(target.split("^"), label);
  if (/^[@#!]/.test(target)) return mentionOf(target, label, people);
  const address = webAddress(target);
  return address ? link(address, ...(label ? inline(label, people) : [address])) : inlineText(whole);
}

function mentionOf(target, label, people) {
  const id = target.slice(1);
  if (target[0] === "@") return mention(`@${people?.get(id) ?? label ?? id}`);
  if (target[0] === "#") return mention(`#${label ?? id}`);
  return mention(label ?? `@${id.split("^")[0]}`);
}

function mention(name) {
  return element("span", { class: "mention" }, inlineText(name));
}

function dateOf([, seconds, format, address], fallback) {
  const when = new Date(Number(seconds) * 1000);
  if (!Number.isFinite(when.getTime()) || !format) return inlineText(fallback ?? "");
  const text = unescape(format).replace(/\{([a-z_]+)\}/g, (token, name) => dateToken(when, name) ?? token);
  const shown = element("time", { datetime: when.toISOString(), title: unescape(fallback ?? "") }, text);
  const goes = address && webAddress(address);
  return goes ? link(goes, shown) : shown;
}

const DATES = {
  date_num: (when) => when.toLocaleDateString("sv-SE"),
  date: (when) => when.toLocaleDateString("en-US", { dateStyle: "long" }),
  date_short: (when) => when.toLocaleDateString("en-US", { dateStyle: "medium" }),
  date_long: (when) => when.toLocaleDateString("en-US", { dateStyle: "full" }),
  time: (when) => when.toLocaleTimeString("en-GB", { timeStyle: "short" }),
  time_secs: (when) => when.toLocaleTimeString("en-GB", { timeStyle: "medium" }),
  ago: (when) => ago((Date.now() - when.getTime()) / 1000),
};

function dateToken(when, name) {
  const long = DATES[name.replace("_pretty", "")]?.(when);
  return name.endsWith("_pretty") && long ? nearDay(when)?.toLowerCase() ?? long : long;
}

export function nearDay(when) {
  const midnight = (day) => new Date(day.getFullYear(), day.getMonth(), day.getDate()).getTime();
  const days = Math.round((midnight(when) - midnight(new Date())) / 86400000);
  return { "-1": "Yesterday", 0: "Today", 1: "Tomorrow" }[days] ?? null;
}

function ago(seconds) {
  const units = [[86400, "day"], [3600, "hour"], [60, "minute"]];
  const [size, name] = units.find(([length]) => Math.abs(seconds) >= length) ?? [1, "second"];
  return new Intl.RelativeTimeFormat("en", { numeric: "auto" }).format(-Math.round(seconds / size), name);
}
