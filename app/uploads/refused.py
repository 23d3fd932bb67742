"""A file that cannot be taken, as a code; the words are the subject's that asked for the file."""


class UploadRefused(Exception):
    """`code`: stable, in capitals. `detail`: what the sentence names, in Chinese and in English; never content of the file."""

    def __init__(self, code: str, zh: str = "", en: str = "") -> None:
        self.code = code
        self.detail = (zh, en or zh)
        super().__init__(code)
