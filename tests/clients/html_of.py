"""The HTML of a status, as far as clients look at it: its paragraphs as plain text, and its links."""

from html.parser import HTMLParser


class Html(HTMLParser):
    def __init__(self, content):
        super().__init__()
        self.paragraphs, self.links = [], []
        self._open = []
        self.feed(content)
        self.close()
        assert not self._open, f"{self._open} not closed in {content}"

    def handle_starttag(self, tag, attributes):
        assert tag in ("p", "br", "a", "span"), tag
        if tag == "p":
            self.paragraphs.append("")
        elif tag == "br":
            self.paragraphs[-1] += "\n"
            return
        elif tag == "a":
            self.links.append({**dict(attributes), "text": ""})
        self._open.append(tag)

    def handle_endtag(self, tag):
        if tag != "br":
            assert self._open.pop() == tag

    def handle_data(self, data):
        self.paragraphs[-1] += data
        if "a" in self._open:
            self.links[-1]["text"] += data
