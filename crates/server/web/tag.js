/**
 * Frontdesk's tag: one script element tells a Frontdesk server about every request for
 * contact that visitors make on a page.
 *
 * It speaks the Edge API that the Web SDK speaks (`POST /ee/v1/collect`), one event per
 * request, with the event's `_id` as request id: whatever is sent twice, by us or by the
 * browser, is the same request to the server and counts once.
 *
 * What it refuses to do: set a cookie, change the page, hold up a click, read anything of
 * a form but the three fields named in `onSubmit`, send anything without consent where
 * consent is asked for. A fault in here stays in here.
 *
 * docs/tag.md tells site owners how to use it. What is served is tag.min.js, made from this
 * file by e2e/tag/build.mjs; it must stay within 3,072 bytes gzipped.
 */

/**
 * What `window.frontdesk` is once the script has run.
 * @typedef {object} Frontdesk
 * @property {string} version
 * @property {Record<'offered' | 'declined' | 'started' | 'ended', (session?: string) => void>} chat
 * @property {(given: boolean) => void} consent `true` starts sending; `false` drops what waits, and stops
 * @property {(...calls: Call[]) => void} push runs calls by name: `['chat.started', 'C0000001']`
 */
/** @typedef {['consent', boolean] | ['chat.offered' | 'chat.declined' | 'chat.started' | 'chat.ended', string?]} Call */
/**
 * An event that no answer has confirmed yet.
 * @typedef {object} Waiting
 * @property {string} id
 * @property {string} body
 * @property {boolean} [busy] a fetch is under way
 * @property {boolean} [left] left to the browser when the page was going
 */

(() => {
  /** Changes when what the tag sends changes. */
  const VERSION = "1.0.0";

  const QUEUE_EVENTS_MAX = 100;
  const QUEUE_BYTES_MAX = 256 * 1024;
  const IN_FLIGHT_MAX = 4;
  const BACKOFF_MS_MIN = 1000;
  const BACKOFF_MS_MAX = 60 * 1000;
  const REQUEST_MS_MAX = 30 * 1000;
  const RETRY_AFTER_MS_MAX = 60 * 60 * 1000;
  const TEXT_CHARS_MAX = 500;
  const URL_CHARS_MAX = 2000;

  const OFFERED = "chatOffered";
  const DECLINED = "chatDeclined";
  const STARTED = "chatStart";
  const ENDED = "chatEnd";

  /**
   * Links that name somebody to get in touch with, as they are without `https://`. What kind
   * of contact each is the server concludes, by its own and finer rules (links.txt), as for
   * the Web SDK's clicks: one table says what counts. A test compares both with one list.
   */
  const LINKS =
    /^((tel|callto|facetime|sip|[sm]ms|imessage|mailto|skype|intent)[a-z-]*:|(wa\.link|lin\.ee|page\.line\.me|([mt]|wa|zalo|telegram)\.me)\/(?!share|join|\+\D)|line(\.me|:\/)\/(R\/)?(ti\/p|oa)|(messenger|facebook|instagram)\.com\/.*t\/|ig\.me\/m|(signal\.me|fb-messenger:\/)\/[#u]|sgnl:)[^?&;]*\w|^(\w+\.)?(whatsapp|mailto|tg|viber|wa\.me)[.:/].*[?&](to|phone|number|domain|id|chatURI)=[^&\w]*\w/i;

  /**
   * Chat widgets that tell of a chat by events on `window`.
   * @type {Record<string, string>}
   */
  const WIDGET_EVENTS = {
    tawkChatStarted: STARTED,
    tawkChatEnded: ENDED,
    "chatwoot:on-start-conversation": STARTED,
    onEmbeddedMessagingConversationStarted: STARTED,
    onEmbeddedMessagingConversationClosed: ENDED,
  };

  /**
   * Chat widgets that want a callback: their global, what to call on it (or, where the
   * global is itself a function, with which words before the event's name), the events.
   * @type {[string, string[], Record<string, string>][]}
   */
  const WIDGET_CALLBACKS = [
    ["zE", ["webWidget:on"], { "chat:start": STARTED, "chat:end": ENDED }],
    ["HubSpotConversations", ["on"], { conversationStarted: STARTED, conversationClosed: ENDED }],
    ["drift", ["on"], { startConversation: STARTED }],
    ["olark", [], { "api.chat.onBeginConversation": STARTED }],
    ["Genesys", ["subscribe"], { "Conversations.started": STARTED }],
    [
      "AdobeDX",
      ["addListener"],
      { CONVERSATION_TRIGGERED: OFFERED, CONVERSATION_ENGAGED: STARTED, CONVERSATION_COMPLETED: ENDED },
    ],
  ];

  const page = /** @type {Record<string, any>} */ (/** @type {unknown} */ (window));
  const script = /** @type {HTMLScriptElement | null} */ (
    document.currentScript || document.querySelector("script[data-datastream]")
  );
  const early = page.frontdesk;
  // A page that loads the tag twice, from a template and a tag manager, say, counts once.
  if (!script || !script.dataset.datastream || (early && early.chat)) return;

  const options = script.dataset;
  const datastream = /** @type {string} */ (options.datastream);
  const origin = new URL(script.src).origin;
  const endpoint = `${origin}/${options.base || "ee"}/v1/collect?configId=${encodeURIComponent(datastream)}&requestId=`;

  /** Hosts, as {@link LINKS} has them. */
  const messengers = (options.messengers || "").toLowerCase().replace(/\bwww\./g, "").split(/[\s,]+/);

  /**
   * `undefined` while nobody has decided: events wait in memory, and neither leave the page
   * nor outlive it. The attribute's mere presence asks for consent, so that a mistyped value
   * errs on the careful side.
   * @type {boolean | undefined}
   */
  let consent = options.consent !== undefined || page.navigator.globalPrivacyControl ? undefined : true;
  /** @type {Waiting[]} */
  let queue = [];
  let failures = 0;
  let timer = 0;
  let chatSessionID = "";

  /**
   * @template {unknown[]} T
   * @param {(...given: T) => void} run
   * @returns {(...given: T) => void}
   */
  const safely =
    (run) =>
    (...given) => {
      try {
        run(...given);
      } catch {
        // The page comes first; there is nobody here to tell.
      }
    };

  /** By code points: half a surrogate pair would not survive the way. */
  const cut = (/** @type {unknown} */ text, chars = TEXT_CHARS_MAX) =>
    [...String(text || "")].slice(0, chars).join("").replace(/\s+/g, " ").trim() || undefined;

  /** A random UUID; `crypto.randomUUID` exists on secure pages only. */
  const uuid = () =>
    "10000000-1000-4000-8000-100000000000".replace(/[018]/g, (digit) =>
      (+digit ^ (crypto.getRandomValues(new Uint8Array(1))[0] & (15 >> (+digit / 4)))).toString(16),
    );

  // ---- The queue -------------------------------------------------------------------

  const KEY = `frontdesk:${datastream}:`;
  const kept = () =>
    options.offline === "store" ? Object.keys(localStorage).filter((key) => key.startsWith(KEY)) : [];

  /** One key per event, so that two tabs never overwrite each other's. */
  const keep = safely((/** @type {Waiting} */ { id, body }) => {
    if (consent && options.offline === "store") localStorage.setItem(KEY + id, body);
  });

  const drop = (/** @type {Waiting} */ waiting) => {
    queue = queue.filter((other) => other !== waiting);
    safely(() => options.offline === "store" && localStorage.removeItem(KEY + waiting.id))();
  };

  const add = (/** @type {Waiting} */ waiting) => {
    queue.push(waiting);
    keep(waiting);
    while (queue.length > QUEUE_EVENTS_MAX || new Blob(queue.map(({ body }) => body)).size > QUEUE_BYTES_MAX)
      drop(queue[0]);
  };

  /** Events that an earlier page could not deliver. */
  const restore = safely(() => {
    for (const key of kept()) {
      const id = key.slice(KEY.length);
      const body = localStorage.getItem(key);
      if (body && !queue.some((waiting) => waiting.id === id)) add({ id, body });
    }
  });

  const flush = () => {
    if (!consent || timer || navigator.onLine === false) return;
    const places = IN_FLIGHT_MAX - queue.filter(({ busy }) => busy).length;
    queue
      .filter(({ busy }) => !busy)
      .slice(0, Math.max(0, places))
      .forEach(send);
  };

  /** @param {string | null} [retryAfter] the header: seconds, or a date */
  const retry = (retryAfter) => {
    if (timer) return;
    const told = retryAfter ? +retryAfter * 1000 || Date.parse(retryAfter) - Date.now() : 0;
    const own = Math.min(BACKOFF_MS_MAX, BACKOFF_MS_MIN * 2 ** failures++) * (0.7 + Math.random() * 0.6);
    const wait = Math.min(RETRY_AFTER_MS_MAX, Math.max(told || 0, own));
    timer = setTimeout(resume, wait);
  };

  const resume = () => {
    clearTimeout(timer);
    timer = 0;
    flush();
  };

  const send = async (/** @type {Waiting} */ waiting) => {
    let retryAfter;
    waiting.busy = true;
    try {
      const answer = await fetch(endpoint + waiting.id, {
        method: "POST",
        body: waiting.body,
        keepalive: true,
        credentials: "omit",
        signal: page.AbortSignal.timeout && page.AbortSignal.timeout(REQUEST_MS_MAX),
      });
      // Any other answer is final: sending the same bytes again would not change it.
      if (![429, 502, 503, 504].includes(answer.status)) {
        failures = 0;
        drop(waiting);
        return flush();
      }
      retryAfter = answer.headers.get("Retry-After");
    } catch {
      // No network, or no such host: the same as "later".
    }
    waiting.busy = false;
    retry(retryAfter);
  };

  /**
   * The page may be going for good. What is under way goes on by itself where the browser
   * knows `keepalive` (though a page that goes sees it fail); the rest goes by beacon. Nobody
   * sees the answers any more, so the events stay in the queue in case the page comes back:
   * sent again, each is the same event.
   */
  const leave = safely(() => {
    if (!consent) return;
    for (const waiting of queue) {
      if (waiting.left) continue;
      waiting.left =
        (waiting.busy && "keepalive" in Request.prototype) ||
        (!!navigator.sendBeacon && navigator.sendBeacon(endpoint + waiting.id, waiting.body));
      if (!waiting.left) send(waiting);
    }
  });

  const comeBack = () => {
    for (const waiting of queue) waiting.left = false;
    flush();
  };

  // ---- Events ----------------------------------------------------------------------

  /**
   * @param {string} eventType
   * @param {object} customerFeedback
   * @param {object} [webInteraction]
   */
  const record = (eventType, customerFeedback, webInteraction) => {
    if (consent === false) return;
    const id = uuid();
    const { clientWidth, clientHeight } = document.documentElement;
    const xdm = {
      _id: id,
      timestamp: new Date().toISOString(),
      eventType,
      customerFeedback,
      web: {
        webPageDetails: { URL: cut(location.href, URL_CHARS_MAX), name: cut(document.title) },
        webReferrer: document.referrer ? { URL: cut(document.referrer, URL_CHARS_MAX) } : undefined,
        webInteraction,
      },
      environment: { type: "browser", browserDetails: { viewportWidth: clientWidth, viewportHeight: clientHeight } },
      implementationDetails: { name: "urn:frontdesk:tag", version: VERSION, environment: "browser" },
    };
    const data = options.testId ? { frontdesk: { testId: options.testId } } : undefined;
    add({ id, body: JSON.stringify({ events: [{ xdm, data }] }) });
    flush();
  };

  /**
   * Offer, start and end on one page get one session id, the widget's or, where it tells
   * none, ours.
   */
  const chat = (/** @type {string} */ count) =>
    safely((/** @type {unknown} */ sessionId) => {
      const session = cut(sessionId) || chatSessionID || uuid();
      chatSessionID = count === ENDED || count === DECLINED ? "" : session;
      record("customerFeedback." + count, { [count]: 1, chatSessionID: session });
    });

  /** Icons have no text; their name, if any, is in one of these. */
  const nameOf = (/** @type {Element} */ link) => {
    const icon = link.querySelector("[alt],[aria-label],[title]");
    return [link, icon]
      .flatMap((part) =>
        part ? [part.textContent, ...["aria-label", "alt", "title"].map((a) => part.getAttribute(a))] : [],
      )
      .map((text) => cut(text))
      .find(Boolean);
  };

  const onClick = safely((/** @type {MouseEvent} */ event) => {
    // Of a double click the first counts; of the other buttons only the middle one follows a link.
    if (event.detail > 1 || event.button > 1) return;
    const path = /** @type {any[]} */ (event.composedPath().filter((node) => node instanceof Element));
    const at = path.findIndex((element) => element.matches("a,area") && element.href);
    if (at < 0) return;
    // In SVG, `href` is an object.
    const url = new URL(path[at].href.baseVal || path[at].href, location.href);
    const link = url.href.replace(/^https?:..(www\.)?/, "");
    const given = messengers.includes(link.split(/[:/]/)[0] || link) ? { clickToDirectMessage: 1 } : LINKS.test(link) && {};
    if (!given) return;
    const region = path.slice(at + 1).find((element) => element.matches("[data-region],header,nav,main,aside,footer"));
    record(
      "web.webinteraction.linkClicks",
      given,
      {
        name: nameOf(path[at]),
        type: link === url.href ? "other" : "exit",
        URL: cut(url.href, URL_CHARS_MAX),
        region: region && cut(region.dataset.region || region.id || region.localName),
        linkClicks: { value: 1 },
      },
    );
  });

  const onSubmit = safely((/** @type {SubmitEvent} */ event) => {
    const form = /** @type {HTMLFormElement} */ (event.target);
    if (!form.matches("[data-contact-form]")) return;
    const fields = /** @type {HTMLInputElement[]} */ ([...form.elements]);
    /** The marked field, or else the first that is one by its type. */
    const read = (/** @type {string} */ mark, /** @type {string} */ type) => {
      const field = fields.find((f) => f.matches(`[data-contact=${mark}]`)) || fields.find((f) => f.matches(type));
      return field && cut(field.value);
    };
    const number = read("phone", "[type=tel],[autocomplete~=tel]");
    const address = read("email", "[type=email],[autocomplete~=email]");
    record("web.formFilledOut", {
      clickToDirectMessage: 1,
      subject: read("subject", "[name=subject]"),
      callBackNumber: number && { number },
      replyToEmailAddress: address && { address },
    });
  });

  // ---- Chat widgets ----------------------------------------------------------------

  /** Where widgets put the id of a chat: in the event's detail, the callback's argument, or an object in it. */
  const onWidget = (/** @type {string} */ count) =>
    safely((/** @type {any} */ told) => {
      const about = (told && (told.detail || told.conversation)) || told;
      chat(count)(about && about.conversationId);
    });

  /** Widgets arrive when they like, so every script or frame that loads is a reason to look again. */
  const lookForWidgets = () => {
    for (const widget of [...WIDGET_CALLBACKS]) {
      const [name, words, events] = widget;
      const global = page[name];
      if (!global) continue;
      safely(() => {
        const call = global[words[0]] ? global[words[0]].bind(global) : global.bind(null, ...words);
        for (const event in events) call(global.Enum ? global.Enum.Events[event] : event, onWidget(events[event]));
        WIDGET_CALLBACKS.splice(WIDGET_CALLBACKS.indexOf(widget), 1);
      })();
    }
  };

  // ---- The start -------------------------------------------------------------------

  /** @type {Frontdesk} */
  const api = {
    version: VERSION,
    chat: { offered: chat(OFFERED), declined: chat(DECLINED), started: chat(STARTED), ended: chat(ENDED) },
    consent: safely((given) => {
      consent = given === true;
      if (consent) {
        queue.forEach(keep);
        restore();
        flush();
      } else {
        queue = [];
        for (const key of kept()) localStorage.removeItem(key);
      }
    }),
    push: (...calls) => {
      for (const [name, value] of calls) {
        safely(() =>
          /** @type {any} */ (name.split(".").reduce((at, part) => /** @type {any} */ (at)[part], api))(value),
        )();
      }
    },
  };
  page.frontdesk = api;
  if (Array.isArray(early)) api.push(...early);
  if (consent) restore();
  flush();

  addEventListener("click", onClick, true);
  addEventListener("auxclick", onClick, true);
  addEventListener("submit", onSubmit, true);
  addEventListener("visibilitychange", () => (document.hidden ? leave() : comeBack()));
  addEventListener("pagehide", leave);
  addEventListener("pageshow", comeBack);
  addEventListener("online", resume);
  for (const event in WIDGET_EVENTS) addEventListener(event, onWidget(WIDGET_EVENTS[event]));
  addEventListener("adobedx.conversations.ready", lookForWidgets);
  document.addEventListener("load", lookForWidgets, true);
  lookForWidgets();
})();
