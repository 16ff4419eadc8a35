// Chat widgets, each played by a stub that raises the events its maker documents. The table
// in docs/tag.md has the same rows.

import assert from "node:assert/strict";
import { test } from "node:test";
import { stage } from "./stage.mjs";

const { edge, open, arrived, settled } = await stage();

/**
 * `stub` runs in the page before (or, with `late`, after) the tag, and leaves a function
 * `raise(name, payload)` on window. `raised` is what it then raises; `expect` the fields that
 * come of it, in order.
 */
async function check({ stub, raised, expect }) {
  for (const late of [false, true]) {
    const page = await open({ before: late ? undefined : stub });
    if (late) {
      await page.evaluate(stub);
      // A widget's script or frame that loads is what makes the tag look again.
      await page.evaluate(
        () =>
          new Promise((done) => {
            const frame = document.createElement("iframe");
            frame.onload = done;
            document.body.append(frame);
          }),
      );
    }
    for (const [name, payload] of raised) await page.evaluate(([n, p]) => window.raise(n, p), [name, payload]);
    await settled(page);
    const seen = (await arrived(expect.length)).map(({ customerFeedback }) => customerFeedback);
    seen.sort((a, b) => order(a) - order(b));
    for (const [at, [field, session]] of expect.entries()) {
      assert.equal(seen[at][field], 1, `${field} of ${JSON.stringify(seen[at])}`);
      assert.equal(Object.keys(seen[at]).length, 2);
      if (session) assert.equal(seen[at].chatSessionID, session);
      else assert.equal(seen[at].chatSessionID, seen[0].chatSessionID);
    }
  }
}

const order = (feedback) =>
  ["chatOffered", "chatDeclined", "chatStart", "chatEnd"].findIndex((field) => feedback[field]);

/** Widgets that dispatch events on window. */
const dispatches = () => {
  window.raise = (name, detail) => dispatchEvent(new CustomEvent(name, { detail }));
};

test("tawk.to", () =>
  check({ stub: dispatches, raised: [["tawkChatStarted"], ["tawkChatEnded"]], expect: [["chatStart"], ["chatEnd"]] }));

test("Chatwoot", () =>
  check({
    stub: dispatches,
    raised: [["chatwoot:on-start-conversation", { hasConversation: false }]],
    expect: [["chatStart"]],
  }));

test("Salesforce Messaging for Web", () =>
  check({
    stub: dispatches,
    raised: [
      ["onEmbeddedMessagingConversationStarted", { conversationId: "sf-1" }],
      ["onEmbeddedMessagingConversationClosed", { conversationId: "sf-1" }],
    ],
    expect: [
      ["chatStart", "sf-1"],
      ["chatEnd", "sf-1"],
    ],
  }));

test("HubSpot", () =>
  check({
    stub: () => {
      const listeners = {};
      window.HubSpotConversations = { on: (name, callback) => (listeners[name] ??= []).push(callback) };
      window.raise = (name, payload) => listeners[name]?.forEach((callback) => callback(payload));
    },
    raised: [
      ["conversationStarted", { conversation: { conversationId: 4711 } }],
      ["unreadConversationCountChanged", { unreadCount: 1 }],
      ["conversationClosed", { conversation: { conversationId: 4711 } }],
    ],
    expect: [
      ["chatStart", "4711"],
      ["chatEnd", "4711"],
    ],
  }));

test("Drift", () =>
  check({
    stub: () => {
      // Before its script is there, Drift's global is an array whose methods queue the calls.
      const listeners = {};
      window.drift = Object.assign([], {
        on(name, callback) {
          if (this !== window.drift) throw new TypeError();
          (listeners[name] ??= []).push(callback);
        },
      });
      window.raise = (name, payload) => listeners[name]?.forEach((callback) => callback(payload));
    },
    raised: [["startConversation", { conversationId: 12, inboxId: 3 }]],
    expect: [["chatStart", "12"]],
  }));

/** Widgets whose global is a function, called with the words in front of the event's name. */
const calls = (global, words) => `(() => {
  const listeners = {};
  window[${JSON.stringify(global)}] = (...given) => {
    const callback = given.pop();
    const name = given.pop();
    if (JSON.stringify(given) !== ${JSON.stringify(JSON.stringify(words))}) throw new TypeError(String(given));
    (listeners[name] ??= []).push(callback);
  };
  window.raise = (name, payload) => listeners[name]?.forEach((callback) => callback(payload));
})()`;

test("Zendesk Web Widget (Classic)", () =>
  check({
    stub: calls("zE", ["webWidget:on"]),
    raised: [["chat:start"], ["chat:unreadMessages", 1], ["chat:end"]],
    expect: [["chatStart"], ["chatEnd"]],
  }));

test("Olark", () =>
  check({ stub: calls("olark", []), raised: [["api.chat.onBeginConversation"]], expect: [["chatStart"]] }));

test("Genesys Messenger", () =>
  check({
    stub: calls("Genesys", ["subscribe"]),
    raised: [["Conversations.started", { data: {} }]],
    expect: [["chatStart"]],
  }));

test("Adobe Dynamic Chat", () =>
  check({
    stub: () => {
      const listeners = {};
      const Events = {
        CONVERSATION_TRIGGERED: "c-triggered",
        CONVERSATION_ENGAGED: "c-engaged",
        CONVERSATION_COMPLETED: "c-completed",
      };
      window.AdobeDX = { Enum: { Events }, addListener: (name, callback) => (listeners[name] ??= []).push(callback) };
      window.raise = (name, payload) => listeners[name]?.forEach((callback) => callback(payload));
    },
    raised: [["c-triggered"], ["c-engaged"], ["c-completed"]],
    expect: [["chatOffered"], ["chatStart"], ["chatEnd"]],
  }));

test("Dynamic Chat says itself when it is ready", async () => {
  const page = await open();
  await page.evaluate(() => {
    window.AdobeDX = {
      Enum: { Events: { CONVERSATION_ENGAGED: "e" } },
      addListener: (name, callback) => name === "e" && (window.engage = callback),
    };
    dispatchEvent(new Event("adobedx.conversations.ready"));
    window.engage({});
  });
  assert.equal((await arrived())[0].customerFeedback.chatStart, 1);
});

test("a global of that name that is no widget, and a widget that throws", async () => {
  const page = await open({
    body: '<div id="drift"></div><a href="tel:1">x</a>',
    before: () => {
      window.zE = () => {
        throw new Error("not yet");
      };
    },
  });
  await page.click("a");
  assert.equal((await arrived())[0].web.webInteraction.URL, "tel:1");
  assert.deepEqual(page.errors, []);
  assert.equal(edge.requests.length, 1);
});
