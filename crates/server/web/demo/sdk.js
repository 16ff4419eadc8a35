/**
 * The demo shop with Adobe's Web SDK: loads it from the server, if its operator has put it
 * there, points it at this server, and reports what the SDK does not see by itself, the chat
 * and the callback form. Clicks on links are the SDK's own business.
 */

(() => {
  const SDK = "/demo/alloy.min.js";
  const STEPS = /** @type {Record<string, string>} */ ({
    offered: "chatOffered",
    declined: "chatDeclined",
    started: "chatStart",
    ended: "chatEnd",
  });
  const page = /** @type {any} */ (window);

  /** @param {string} sentence */
  function explain(sentence) {
    const notice = /** @type {HTMLElement} */ (document.querySelector("#notice"));
    /** @type {HTMLElement} */ (notice.firstElementChild).textContent = sentence;
    notice.hidden = false;
  }

  /** Calls wait in a queue under this name until the SDK takes them. */
  function queueCalls() {
    page.__alloyNS = ["alloy"];
    page.alloy = (/** @type {unknown[]} */ ...call) =>
      new Promise((resolve, reject) => page.alloy.q.push([resolve, reject, call]));
    page.alloy.q = [];
  }

  /** @param {object} xdm */
  const send = (xdm) =>
    page
      .alloy("sendEvent", { xdm })
      .catch((/** @type {Error} */ error) => explain(`The Web SDK says: ${error.message}`));

  /** @param {string} testId */
  function configure(testId) {
    return page.alloy("configure", {
      datastreamId: "demo",
      orgId: "FRONTDESK@AdobeOrg",
      edgeDomain: location.hostname,
      thirdPartyCookiesEnabled: false,
      clickCollectionEnabled: true,
      // Also the SDK's own events, those of link clicks, belong to this page's test run.
      onBeforeEventSend: (/** @type {{data?: object}} */ content) => {
        content.data = { ...content.data, frontdesk: { testId } };
      },
    });
  }

  for (const place of document.querySelectorAll("[data-host]")) place.textContent = location.hostname;

  if (location.protocol !== "https:" || location.port) {
    explain(
      `The Web SDK speaks only HTTPS on port 443: serve with TLS on that port and open https://${location.hostname}/demo/sdk.html.`,
    );
    return;
  }

  queueCalls();
  document.addEventListener("shop-chat", (event) => {
    const { step, session } = /** @type {CustomEvent} */ (event).detail;
    send({
      eventType: `customerFeedback.${STEPS[step]}`,
      customerFeedback: { [STEPS[step]]: 1, chatSessionID: session },
    });
  });
  document.addEventListener("submit", (event) => {
    const fields = new FormData(/** @type {HTMLFormElement} */ (event.target));
    const number = fields.get("phone");
    const address = fields.get("email");
    send({
      eventType: "web.formFilledOut",
      customerFeedback: {
        clickToDirectMessage: 1,
        subject: fields.get("subject"),
        ...(number && { callBackNumber: { number } }),
        ...(address && { replyToEmailAddress: { address } }),
      },
    });
  });

  const script = document.createElement("script");
  script.src = SDK;
  script.onerror = () =>
    explain(
      'The Web SDK is not here: get its file with "npm pack @adobe/alloy", and set demo_alloy_file to the dist/alloy.min.js in it.',
    );
  // demo.js runs after this file and makes the test id.
  script.onload = () =>
    configure(document.documentElement.dataset.testId || "")
      .then(() => send({ eventType: "web.webpagedetails.pageViews" }))
      .catch((/** @type {Error} */ error) => explain(`The Web SDK says: ${error.message}`));
  document.head.append(script);
})();
