"""One HTML page with every message and its variants: ``make gallery`` writes it to .local/gallery.html."""

import html
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sagewatch.slack.messages.render import render
from tests.unit.slack.messages.catalogue import CATALOGUE

_STYLE = """
html, body { overflow: auto; height: auto; display: block; }
body { font: 15px/1.46 Lato, "Helvetica Neue", Arial, sans-serif; color: #1d1c1d; background: #fff; margin: 24px; }
h2 { margin: 32px 0 8px; } h3 { font-size: 13px; color: #616061; margin: 20px 0 4px; }
.card { max-width: 640px; border: 1px solid #ddd; border-radius: 8px; padding: 12px 16px; margin: 0 0 12px; }
.app { font-weight: 900; } .app span { font: 11px Arial; background: #e8e8e8; padding: 1px 4px; border-radius: 3px; }
.head { font-size: 18px; font-weight: 900; margin: 6px 0; } .section { margin: 8px 0; }
.fields { display: grid; grid-template-columns: 1fr 1fr; gap: 8px 24px; margin: 8px 0; }
.small { font-size: 13px; color: #616061; margin: 8px 0; }
code { color: #c01343; background: #f6f6f6; border: 1px solid #ddd; border-radius: 3px;
  padding: 0 3px; font-size: 12px; }
pre { background: #f8f8f8; border: 1px solid #ddd; border-radius: 4px; padding: 8px; font-size: 12px;
  white-space: pre-wrap; }
blockquote { border-left: 4px solid #ddd; margin: 4px 0; padding-left: 12px; }
a { color: #1264a3; text-decoration: none; }
button { font: 700 13px Arial; padding: 6px 12px; border: 1px solid #bbb; border-radius: 4px; margin-right: 8px;
  background: #fff; } button.danger { background: #c01343; border-color: #c01343; color: #fff; }
"""
_DATE = re.compile(r"&lt;!date\^[^|]*\|([^&]*)&gt;")
_LINK = re.compile(r"&lt;(https?://[^|]+)\|(.*?)&gt;")


def page(kinds: Mapping[str, Mapping[str, Any]] = CATALOGUE, *, titles: bool = True) -> str:
    """Every kind with its variants."""
    parts = []
    for kind, variants in kinds.items():
        parts.append(f"<h2>{html.escape(kind.capitalize())}</h2>" if titles else "")
        for variant, alert in variants.items():
            parts.append(f"<h3>{html.escape(variant)}</h3>" if titles else "")
            parts.append(card([block.to_dict() for block in render(alert).blocks]))
    return f"<!doctype html><meta charset=utf-8><title>Messages</title><style>{_STYLE}</style>{''.join(parts)}"


def card(blocks: list[dict[str, Any]]) -> str:
    """One message."""
    shown = "".join(part for block in blocks for part in _block(block))
    return f"<div class=card><div class=app>SageWatch <span>APP</span></div>{shown}</div>"


def _block(block: Mapping[str, Any]) -> Iterator[str]:
    match block["type"]:
        case "header":
            yield f"<div class=head>{html.escape(block['text']['text'])}</div>"
        case "actions":
            for button in block["elements"]:
                yield f'<button class="{button.get("style", "")}">{html.escape(button["text"]["text"])}</button>'
        case "image":
            yield f"<div class=small>[chart: {html.escape(block['alt_text'])}]</div>"
        case "context":
            yield f"<div class=small>{'<br>'.join(mrkdwn(element['text']) for element in block['elements'])}</div>"
        case _:
            if "text" in block:
                yield f"<div class=section>{mrkdwn(block['text']['text'])}</div>"
            if "fields" in block:
                fields = "".join(f"<div>{mrkdwn(field['text'])}</div>" for field in block["fields"])
                yield f"<div class=fields>{fields}</div>"


def mrkdwn(text: str) -> str:
    """Slack's markup as HTML."""
    shown = html.escape(html.unescape(text), quote=False)
    shown = _LINK.sub(r'<a href="\1">\2</a>', _DATE.sub(r"\1", shown))
    shown = shown.replace(":white_check_mark:", "\u2705").replace(":bulb:", "\U0001f4a1")
    code = re.split(r"(```.*?```)", shown, flags=re.DOTALL)
    return "".join(
        f"<pre>{part.strip('`').strip()}</pre>" if part.startswith("```") else _inline(part) for part in code
    )


def _inline(text: str) -> str:
    text = re.sub(r"`([^`\n]+)`", r"<code>\1</code>", text)
    text = re.sub(r"(?<![\w*])\*([^*\n]+)\*", r"<b>\1</b>", text)
    lines = [
        f"<blockquote>{line[5:]}</blockquote>" if line.startswith("&gt; ") else f"{line}<br>"
        for line in text.strip("\n").split("\n")
    ]
    return "".join(lines).removesuffix("<br>")


if __name__ == "__main__":
    out = Path(sys.argv[1] if len(sys.argv) > 1 else ".local/gallery.html")
    out.parent.mkdir(exist_ok=True)
    out.write_text(page(), encoding="utf-8")
    print(out)  # noqa: T201 - a command says where its result is
