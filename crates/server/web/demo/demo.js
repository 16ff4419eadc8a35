/**
 * The demo shop's own script: the toy chat, the callback form's thanks, and the panel that
 * shows what arrived. It stands in for a site's code, so it tells of a chat as a site would:
 * by `frontdesk.push` on the page with the tag, and by the event `shop-chat` on the other
 * page, where sdk.js hands it to the Web SDK.
 */

(() => {
  const POLL_MS = 1000;
  const OFFER_AFTER_MS = 2500;
  const ROWS_MAX = 50;
  /** Names for people of the fields that are counts. */
  const COUNTS = /** @type {Record<string, string>} */ ({
    clickToCall: "Click to call",
    clickToText: "Click to text",
    clickToEmail: "Click to e-mail",
    clickToDirectMessage: "Direct message",
    chatOffered: "Chat offered",
    chatDeclined: "Chat declined",
    chatStart: "Chat started",
    chatEnd: "Chat ended",
  });

  /** The same for events without a count; the Web SDK tells of every click. */
  const OTHERS = /** @type {Record<string, string>} */ ({
    "web.webpagedetails.pageViews": "Page view",
    "web.webinteraction.linkClicks": "Click",
  });

  /**
   * @typedef {object} Arrived
   * @property {string} [id]
   * @property {'accepted' | 'rejected'} verdict
   * @property {string} receivedAt
   * @property {string} [eventType]
   * @property {{pointer: string, message: string}[]} violations
   * @property {string[]} derived
   * @property {any} [event] personal values masked; missing when the event is invalid
   */

  const find = (/** @type {string} */ selector) => /** @type {HTMLElement} */ (document.querySelector(selector));
  const random = () =>
    Array.from(crypto.getRandomValues(new Uint8Array(6)), (byte) => byte.toString(16).padStart(2, "0")).join("");

  // One test run per tab, also over a reload and on both pages.
  const testId = sessionStorage.getItem("demo-test-id") || `demo-${random()}`;
  sessionStorage.setItem("demo-test-id", testId);
  document.documentElement.dataset.testId = testId;

  /** @param {'offered' | 'declined' | 'started' | 'ended'} step @param {string} session */
  const tell = (step, session) => {
    const page = /** @type {any} */ (window);
    if (document.documentElement.dataset.variant === "tag")
      (page.frontdesk = page.frontdesk || []).push([`chat.${step}`, session]);
    else document.dispatchEvent(new CustomEvent("shop-chat", { detail: { step, session } }));
  };

  /** A site has the script element in its markup; here the test id is only known now. */
  function loadTag() {
    const script = document.createElement("script");
    script.async = true;
    script.src = "/tag.js";
    script.dataset.datastream = "demo";
    script.dataset.testId = testId;
    document.head.append(script);
  }

  function startChat() {
    const chat = find(".chat");
    const line = find("[data-line]");
    const typing = find("[data-typing]");
    const button = (/** @type {string} */ step) => find(`[data-chat=${step}]`);
    let session = "";

    const offer = () => {
      session = `C${random()}`;
      line.textContent = "Hello! Shall I help you choose a bulb?";
      chat.hidden = button("start").hidden = button("decline").hidden = false;
      typing.hidden = button("end").hidden = true;
      tell("offered", session);
    };
    const leave = (/** @type {'declined' | 'ended'} */ step) => {
      tell(step, session);
      chat.hidden = true;
    };
    button("start").onclick = () => {
      line.textContent = "An E27 with 470 lumens is right for a desk.";
      button("start").hidden = button("decline").hidden = true;
      typing.hidden = button("end").hidden = false;
      tell("started", session);
    };
    button("decline").onclick = () => leave("declined");
    button("end").onclick = () => leave("ended");
    setTimeout(offer, OFFER_AFTER_MS);
  }

  /** @param {string} tag @param {...(string | Node)} children */
  function element(tag, ...children) {
    const made = document.createElement(tag);
    made.append(...children);
    return made;
  }

  /** @param {Arrived} arrived */
  function row({ verdict, receivedAt, eventType, violations, derived, event }) {
    const feedback = (event && event.customerFeedback) || {};
    const counts = [...new Set([...Object.keys(feedback), ...derived])].filter((field) => COUNTS[field]);
    const title = counts.map((field) => COUNTS[field]).join(", ") || OTHERS[eventType || ""] || "Event";
    const stamp = element("time", new Date(receivedAt).toLocaleTimeString());
    const broken = violations.map(({ pointer, message }) => `${pointer || "event"}: ${message}`).join("; ");
    const how = `${eventType || "no eventType"}${derived.length ? ", derived from the link" : ""}`;
    const details = element("details", element("summary", element("b", title, stamp), element("small", broken || how)));
    if (event) details.append(element("pre", JSON.stringify(event, null, 2)));
    const item = element("li", details);
    item.className = verdict;
    return item;
  }

  function watch() {
    const rows = find("[data-rows]");
    const hint = find("[data-hint]");
    const quiet = hint.textContent;
    const known = new Set();
    find("[data-run]").textContent = testId;

    const look = async () => {
      try {
        const answer = await fetch(`/v1/test/${testId}/events`, { headers: { accept: "application/json" } });
        if (!answer.ok) throw new Error(`${answer.status} ${answer.statusText}`);
        const { good, bad, events } = await answer.json();
        find("[data-good]").textContent = String(good);
        find("[data-bad]").textContent = String(bad);
        for (const arrived of /** @type {Arrived[]} */ (events)) {
          const key = `${arrived.verdict} ${arrived.id || arrived.receivedAt}`;
          if (known.has(key)) continue;
          known.add(key);
          rows.prepend(row(arrived));
        }
        while (rows.children.length > ROWS_MAX) rows.lastElementChild?.remove();
        hint.textContent = quiet;
        hint.hidden = rows.children.length > 0;
      } catch (error) {
        hint.hidden = false;
        hint.textContent = `The server does not answer (${error instanceof Error ? error.message : error}). Trying again.`;
      }
    };
    const turn = async () => {
      if (!document.hidden) await look();
      setTimeout(turn, POLL_MS);
    };
    turn();
  }

  for (const place of document.querySelectorAll("[data-origin]")) place.textContent = location.origin;
  find("form").addEventListener("submit", (event) => {
    event.preventDefault();
    find(".done").hidden = false;
  });
  if (document.documentElement.dataset.variant === "tag") loadTag();
  startChat();
  watch();
})();
