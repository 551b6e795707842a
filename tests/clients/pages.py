"""A person at the server's log-in pages: opens an address, fills the forms as a browser does, and brings back the code.

The clients under test open this page in a browser. The tests cannot, so this stands in for the browser and the person. It
knows no template: it finds forms by their fields and buttons by their words.

    pages.py [--deny] [--to FILE] URL EMAIL PASSWORD

prints the code that the last page shows, or the address to which the server redirects. With --to it writes a line to FILE
instead, also if it fails: the reader of a pipe would wait for ever.
"""

import argparse
import http.cookiejar
import re
import sys
import urllib.error
import urllib.parse
import urllib.request
from html.parser import HTMLParser

MAX_PAGES = 8


class Stuck(Exception):
    """The page is not one of those that a log-in has; its text is in the message."""


class Page(HTMLParser):
    """The forms of a page, its text, and the code that it shows."""

    def __init__(self, html):
        super().__init__()
        self.forms, self.text, self.code = [], "", ""
        self._button = None
        self._in_code = self._hidden = False
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attributes):
        attributes = {name: value or "" for name, value in attributes}
        if tag == "form":
            self.forms.append(
                {
                    "action": attributes.get("action", ""),
                    "method": attributes.get("method", "get").lower(),
                    "fields": [],
                    "buttons": [],
                }
            )
        elif tag == "input":
            kind = attributes.get("type", "text").lower()
            if "readonly" in attributes and kind == "text":
                self.code = self.code or attributes.get("value", "")
            if not self.forms:
                return
            if kind == "submit":
                self.forms[-1]["buttons"].append({**attributes, "text": attributes.get("value", "")})
            elif kind not in ("checkbox", "radio") or "checked" in attributes:
                self.forms[-1]["fields"].append({**attributes, "type": kind})
        elif tag == "button" and self.forms and attributes.get("type", "submit") == "submit":
            self._button = {**attributes, "text": ""}
            self.forms[-1]["buttons"].append(self._button)
        elif tag == "code":
            # Others show where the app is, or the id of a request.
            self._in_code = "code" in attributes.get("class", "")
        elif tag in ("style", "script"):
            self._hidden = True

    def handle_endtag(self, tag):
        if tag == "button":
            self._button = None
        elif tag == "code":
            self._in_code = False
        elif tag in ("style", "script"):
            self._hidden = False

    def handle_data(self, data):
        if self._hidden:
            return
        self.text += data
        if self._button is not None:
            self._button["text"] += data
        if self._in_code:
            self.code = (self.code + data).strip()


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


class Browser:
    """Keeps cookies as a browser does, and follows redirects within the server only."""

    def __init__(self):
        self.cookies = http.cookiejar.CookieJar()
        self._opener = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(self.cookies), _NoRedirect
        )

    def open(self, url, fields=None):
        """The page at the end of the redirects, and its address; no page if a redirect leaves the server."""
        origin = _origin(url)
        for _ in range(MAX_PAGES):
            request = urllib.request.Request(url, headers={"Accept": "text/html", "Accept-Language": "en"})
            if fields is not None:
                request.data = urllib.parse.urlencode(fields).encode()
                request.add_header("Origin", origin)
                request.add_header("Sec-Fetch-Site", "same-origin")
            try:
                response = self._opener.open(request, timeout=30)
            except urllib.error.HTTPError as error:
                response = error
            with response:
                location = response.headers.get("Location")
                if location is None or response.status // 100 != 3:
                    return url, Page(response.read().decode())
            url, fields = _resolve(url, location), None
            if _origin(url) != origin or _code_of(url):
                return url, None
        raise Stuck(f"more than {MAX_PAGES} redirects from {url}")


def authorize(url, email, password, allow=True, browser=None):
    """Logs in on the pages that begin at `url` and allows (or denies) access. Returns the code for a client that has it
    shown, and the whole address of the redirect for any other."""
    browser = browser or Browser()
    url, page = browser.open(url)
    logged_in = False
    for _ in range(MAX_PAGES):
        if page is None:
            return _code_of(url) if "/oauth/authorize/native" in url else url
        if page.code:
            return page.code
        form = next((form for form in page.forms if _field(form, "password")), None)
        if form is not None:
            if logged_in:
                raise Stuck(f"the log-in did not succeed: {_words(page.text)}")
            logged_in = True
            filled = _filled(form, {"email": email, "text": email, "password": password}, form["buttons"][:1])
        else:
            form, button = _choice(page, allow)
            filled = _filled(form, {}, [button])
        action = _resolve(url, form["action"] or url)
        if form["method"] == "post":
            url, page = browser.open(action, filled)
        else:
            url, page = browser.open(f"{action.split('?')[0]}?{urllib.parse.urlencode(filled)}")
    raise Stuck(f"no end of pages at {url}")


def _choice(page, allow):
    words = r"\b(allow|authori[sz]e|approve|accept)\b" if allow else r"\b(deny|refuse|cancel|reject)\b"
    for form in page.forms:
        for button in form["buttons"]:
            if re.search(words, " ".join((button["text"], button.get("name", ""), button.get("value", ""))), re.I):
                return form, button
    raise Stuck(f"no button like {words} on the page: {_words(page.text)}")


def _filled(form, typed, buttons):
    fields = [
        (field["name"], field.get("value") or typed.get(field["type"], ""))
        for field in form["fields"]
        if field.get("name")
    ]
    return fields + [(button["name"], button.get("value", "")) for button in buttons if button.get("name")]


def _field(form, kind):
    return next((field for field in form["fields"] if field["type"] == kind), None)


def _code_of(url):
    return urllib.parse.parse_qs(urllib.parse.urlsplit(url).query).get("code", [""])[0]


def _origin(url):
    parts = urllib.parse.urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _resolve(base, location):
    # urljoin would change the address of a custom scheme.
    is_absolute = re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", location)
    return location if is_absolute else urllib.parse.urljoin(base, location)


def _words(text):
    return " ".join(text.split())[:300]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--deny", action="store_true")
    parser.add_argument("--to")
    parser.add_argument("url")
    parser.add_argument("email")
    parser.add_argument("password")
    arguments = parser.parse_args()
    out = open(arguments.to, "w", encoding="utf-8") if arguments.to else sys.stdout
    with out:
        try:
            print(authorize(arguments.url, arguments.email, arguments.password, not arguments.deny), file=out)
        except Exception:
            if arguments.to:
                print("no-code", file=out)
            raise


if __name__ == "__main__":
    main()
