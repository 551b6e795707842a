//! Writes HTML: the one place in which text is escaped.

/// How line breaks are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// As `<br />`, and several together as a new `<p>`.
    Paragraphs,
    /// As spaces.
    Line,
}

/// HTML that is being written.
pub(super) struct Html {
    written: String,
    layout: Layout,
    /// Line breaks since the last character. Those at the start and the end of a text show nothing.
    breaks: usize,
    /// Whether a `\r` was last, of which a `\n` is a part.
    after_return: bool,
    /// Whether something can be seen already.
    has_content: bool,
}

impl Html {
    /// Nothing yet, with room for a text of this many bytes.
    pub(super) fn new(layout: Layout, bytes: usize) -> Self {
        let written = String::with_capacity(bytes + bytes / 4 + "<p></p>".len());
        Self { written, layout, breaks: 0, after_return: false, has_content: false }
    }

    /// Appends text, escaped for elements and for quoted attributes.
    pub(super) fn push_text(&mut self, text: &str) {
        for character in text.chars() {
            let continues = self.after_return && character == '\n';
            self.after_return = character == '\r';
            match character {
                '\n' if continues => {}
                '\n' | '\r' => self.breaks += 1,
                _ => {
                    self.begin();
                    self.has_content |= !character.is_whitespace();
                    self.push_escaped(character);
                }
            }
        }
    }

    /// Appends markup as it is.
    pub(super) fn push_tag(&mut self, markup: &str) {
        self.begin();
        self.has_content = true;
        self.written.push_str(markup);
    }

    /// The HTML; empty for a blank text.
    pub(super) fn finish(mut self) -> String {
        if !self.has_content {
            return String::new();
        }
        if self.layout == Layout::Paragraphs {
            self.written.push_str("</p>");
        }
        self.written
    }

    /// Writes the line breaks before a character, and the first `<p>`.
    fn begin(&mut self) {
        let breaks = std::mem::take(&mut self.breaks);
        match self.layout {
            Layout::Paragraphs if self.written.is_empty() => self.written.push_str("<p>"),
            Layout::Paragraphs if breaks == 1 => self.written.push_str("<br />"),
            Layout::Paragraphs if breaks > 1 => self.written.push_str("</p><p>"),
            Layout::Line if breaks > 0 && !self.written.is_empty() => self.written.push(' '),
            Layout::Paragraphs | Layout::Line => {}
        }
    }

    fn push_escaped(&mut self, character: char) {
        match character {
            '&' => self.written.push_str("&amp;"),
            '<' => self.written.push_str("&lt;"),
            '>' => self.written.push_str("&gt;"),
            '"' => self.written.push_str("&quot;"),
            '\'' => self.written.push_str("&#39;"),
            // No HTML may contain it; rows of other programs may.
            '\0' => self.written.push(char::REPLACEMENT_CHARACTER),
            _ => self.written.push(character),
        }
    }
}
