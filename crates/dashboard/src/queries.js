// The page of queries: words that are offered, and what was asked before, which stays in this browser.
"use strict";
(() => {
  const { one, all, made, on, kept } = window.frontdesk;
  const editor = one("#q");
  const words = [...new Set(all("[data-word]").map((word) => word.textContent))];
  const hints = one("#hints");
  const begun = () => editor.value.slice(0, editor.selectionStart).match(/\w*$/)[0];
  const button = (word) => {
    const offer = Object.assign(made("button", word), { type: "button", className: "quiet" });
    on(offer, "click", () => {
      editor.setRangeText(word, editor.selectionStart - begun().length, editor.selectionStart, "end");
      editor.focus();
      hints.replaceChildren();
    });
    return offer;
  };
  on(editor, "input", () => {
    const begin = begun().toLowerCase();
    const found = words.filter((word) => begin[1] && word.startsWith(begin) && word !== begin);
    hints.replaceChildren(...found.slice(0, 8).map(button));
  });
  on(editor, "keydown", (event) => {
    if (!event.ctrlKey && !event.metaKey) return;
    if (event.key === "Enter") editor.form.requestSubmit();
    if (event.key !== " " || !hints.firstChild) return;
    event.preventDefault();
    hints.firstChild.click();
  });
  const asked = editor.value;
  let past = (kept("sql") ?? "").split("\0").filter(String);
  if (one("#result")) past = [asked, ...past.filter((query) => query !== asked)].slice(0, 20);
  kept("sql", past.join("\0"));
  one("#history").append(
    ...past.map((query) => {
      const line = made("li", "");
      line.append(Object.assign(made("a", query), { href: `/sql?q=${encodeURIComponent(query)}` }));
      return line;
    }),
  );
  one("#past").hidden = !past.length;
})();
