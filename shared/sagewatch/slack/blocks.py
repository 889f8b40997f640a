"""Pieces of Slack messages, within Block Kit's limits.

Limits: Slack's Block Kit reference (header 150 characters, section 3,000, field 2,000).
"""

from slack_sdk.models.blocks import ContextBlock, MarkdownTextObject, SectionBlock

from sagewatch.slack.text import cut

HEADER_LIMIT, SECTION_LIMIT, FIELD_LIMIT = 150, 3000, 2000


def section(text: str) -> SectionBlock:
    """A paragraph."""
    return SectionBlock(text=MarkdownTextObject(text=cut(text, SECTION_LIMIT), verbatim=True))


def field(name: str, text: str) -> MarkdownTextObject:
    """One of a section's columns, with its name above it."""
    return MarkdownTextObject(text=cut(f"*{name}*\n{text}", FIELD_LIMIT), verbatim=True)


def context(text: str) -> ContextBlock:
    """Small print."""
    return ContextBlock(elements=[MarkdownTextObject(text=cut(text, SECTION_LIMIT), verbatim=True)])
