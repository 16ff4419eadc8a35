// What pages do by themselves. They are whole without it.
"use strict";
(() => {
  const one = (selector) => document.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const made = (name, text) => Object.assign(document.createElement(name), { textContent: text });
  const now = () => performance.now();
  const on = (target, type, act) => target.addEventListener(type, act);
  // Kept in this browser, where it permits that.
  const kept = (name, value) => {
    try {
      return value === undefined ? localStorage.getItem(name) : localStorage.setItem(name, value);
    } catch {
      // It doesn't.
    }
  };

  // For the scripts of single pages.
  window.frontdesk = { one, all, made, on, kept };

  // What is chosen is seen where not all fits beside it.
  for (const it of all(".seg [aria-current]")) it.parentElement.scrollLeft = it.offsetLeft - 99;

  // Live: one stream for all tabs of a browser; the tab that holds the lock listens and tells the others.
  // A page that a link shows has a stream of its own.
  const main = one("main[data-live]");
  const source = main?.dataset.live === "shared" ? `${location.pathname}/live` : "/live";
  const [SOONEST, SAID, AGAIN] = [5e3, 6e4, 3e4];
  const rules = window.trustedTypes?.createPolicy("frontdesk", { createHTML: (text) => text });
  const parsed = (text) => new DOMParser().parseFromString(rules?.createHTML(text) ?? text, "text/html");
  let [first, isBusy, isDue] = [null, false, false];
  let saidAt = now();

  // Makes one element like another, and touches what differs alone: what is focused or open stays so.
  const become = (old, fresh) => {
    if (old.isEqualNode(fresh)) return;
    if (old.nodeName !== fresh.nodeName) return old.replaceWith(fresh);
    if (!old.attributes) return void (old.nodeValue = fresh.nodeValue);
    for (const { name } of [...old.attributes])
      if (!/^(open|tabindex)$/.test(name) && !fresh.hasAttribute(name)) old.removeAttribute(name);
    for (const { name, value } of fresh.attributes) old.setAttribute(name, value);
    const [before, after] = [[...old.childNodes], [...fresh.childNodes]];
    after.forEach((node, place) => (before[place] ? become(before[place], node) : old.append(node)));
    before.slice(after.length).forEach((node) => node.remove());
  };

  const say = () => {
    const at = now();
    const number = one(".stat .number");
    if (!number || at - saidAt < SAID) return;
    saidAt = at;
    one("#said").textContent = `${one(".stat summary").textContent}: ${number.textContent}`;
  };

  const refresh = async () => {
    if ((isDue = isBusy || document.hidden)) return;
    isBusy = true;
    const begin = now();
    try {
      const answer = await fetch(location.href, { headers: { accept: "text/html" }, cache: "no-store" });
      const fresh = answer.ok && parsed(await answer.text()).querySelector("main[data-live]");
      if (fresh) {
        become(main, fresh);
        say();
      }
    } catch {
      // The next one may get through.
    }
    setTimeout(() => {
      isBusy = false;
      if (isDue) refresh();
    }, Math.max(SOONEST, 10 * (now() - begin)));
  };

  const arrived = (count) => {
    if (count === (first ??= count)) return;
    if (main.dataset.live === "note") {
      const note = one("#fresh");
      note.hidden = false;
      note.textContent = `New events: ${count - first} – show`;
    } else {
      first = count;
      refresh();
    }
  };

  if (main && navigator.locks && window.BroadcastChannel) {
    const channel = new BroadcastChannel(source);
    channel.onmessage = ({ data }) => arrived(data);
    const listen = () =>
      new Promise((ended) => {
        const stream = new EventSource(source);
        on(stream, "received", ({ data }) => {
          channel.postMessage(+data);
          arrived(+data);
        });
        stream.onerror = () => stream.readyState === EventSource.CLOSED && setTimeout(ended, AGAIN);
      });
    const lead = async () => {
      for (;;) await navigator.locks.request(source, listen);
    };
    lead().catch(() => {});
    on(document, "visibilitychange", () => isDue && refresh());
  }

  // Values of charts by arrow keys, as by pointing.
  for (const part of all("svg.plot .part:first-of-type")) part.closest("svg").setAttribute("tabindex", "0");
  // A chart of many parts has one, which is moved to where is pointed and says what the table has there.
  const places = (part) => all(part.dataset.by, part.closest("figure"));
  const move = (part, at) => {
    const from = places(part)[at];
    if (!from) return;
    const heads = all("thead th", from.closest("table"));
    const [name, ...cells] = from.closest("tr").cells;
    const [title, hit, tip] = part.children;
    const text = (cell) => cell.textContent;
    const head = (cell) => text(heads[cell.cellIndex]);
    const isCell = cells.includes(from);
    part.dataset.at = at;
    tip.textContent = text(isCell ? from : cells[0]);
    title.textContent = isCell ? `${head(from)} ${text(name)}: ${text(from)}` : text(name) + cells.filter(text).map((cell) => `\n${head(cell)} ${text(cell)}`).join("");
    const slot = 100 / part.dataset.of;
    const set = (node, name, value) => node.setAttribute(name, `${slot * value}%`);
    set(hit, "x", at);
    set(hit, "width", 1);
    set(tip, "x", at + 0.5);
  };
  const pointed = ({ target, clientX }) => {
    const svg = target.closest?.("svg.plot");
    const part = svg?.querySelector("[data-of]");
    if (!part) return;
    const { left, width } = svg.querySelector(".zero").getBoundingClientRect();
    move(part, Math.floor(((clientX - left) / width) * part.dataset.of));
  };
  on(document, "pointermove", pointed);
  on(document, "pointerdown", pointed);
  on(document, "keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step || !event.target.matches?.("svg.plot")) return;
    event.preventDefault();
    const many = event.target.querySelector("[data-of]");
    const parts = all(".part", event.target);
    const at = parts.findIndex((part) => part.classList.contains("on"));
    const before = many ? +(many.dataset.at ?? -1) : at;
    const last = many ? places(many).length : parts.length;
    const next = (before + step + (before < 0 && step < 0) + last) % last;
    parts[at]?.classList.remove("on");
    if (many) move(many, next);
    const part = many ?? parts[next];
    part.classList.add("on");
    one("#said").textContent = part.querySelector("title").textContent;
  });

  // Keys: `?` shows them.
  const help = one("#keys");
  const isOn = one("#keys-on");
  if (help) {
    isOn.checked = kept("keys") !== "off";
    on(isOn, "change", () => kept("keys", isOn.checked || "off"));
    on(document, "keydown", (event) => {
      const isTyped = event.target.closest?.("input, textarea, select");
      if (isTyped || help.open || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === "?") {
        help.showModal();
      } else if (isOn.checked) {
        const target = all("nav[aria-label=Pages] a")["1234567890".indexOf(event.key)] ?? one(`[data-key="${CSS.escape(event.key)}"]`);
        if (!target) return;
        event.preventDefault();
        target.matches("input, textarea") ? target.focus() : target.click();
        if (target.matches("summary")) target.parentElement.querySelector("input, select, a")?.focus();
      }
    });
  }
})();
