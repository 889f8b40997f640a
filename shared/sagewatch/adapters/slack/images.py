"""Uploads images to Slack."""

from typing import ClassVar, override

from sagewatch.adapters.slack.api import SlackApi
from sagewatch.digest.ports import ImageUploads
from sagewatch.slack.text import cut

_ALT_TXT = 1000  # characters (files.getUploadURLExternal, alt_txt_too_large)


class SlackImageUploads(ImageUploads):
    """files.getUploadURLExternal and files.completeUploadExternal (scope ``files:write``).

    A file that is shared in no channel is visible only to people who see a message whose image block names it.
    """

    PERMISSIONS: ClassVar = ()

    def __init__(self, api: SlackApi) -> None:
        self._api = api

    @override
    def upload(self, name: str, picture: bytes, alt_text: str) -> str:
        about = {"filename": name, "title": name, "alt_txt": cut(alt_text, _ALT_TXT)}
        answer = self._api.call("files_upload_v2", "picture", content=picture, **about)
        return str(answer["files"][0]["id"])
