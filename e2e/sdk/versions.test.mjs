// The oldest and the newest Web SDK that are supported, against a real server: what a contact
// page needs of it works alike.
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { alloy } from "../lib/browser.mjs";
import { DATASTREAM, FIRST_PARTY, THIRD_PARTY } from "../lib/frontdesk.mjs";
import { chat, cookieName, rowsOf, shop } from "../lib/sdk.mjs";
import { raise } from "../lib/stage.mjs";

const VERSIONS = {
  // It calls the datastream by its earlier name.
  "2.8.0": { path: "/contact?sdk=oldest", datastreamId: undefined, edgeConfigId: DATASTREAM },
  "2.33.1": {},
};

const consent = (general) => ({ consent: [{ standard: "Adobe", version: "1.0", value: { general } }] });
const consentVersion2 = (value) => ({ consent: [{ standard: "Adobe", version: "2.0", value }] });

let stage;
let visitor;
before(async () => {
  stage = await raise();
});
after(() => stage?.strike());
beforeEach(async () => {
  visitor = await stage.browser.visitor();
});
afterEach(() => visitor.close());

/** Calls the SDK, which must not reject. */
async function call(page, command, options) {
  const answer = await alloy(page, command, options);
  assert.ok(answer.ok, `${command}: ${answer.error}`);
  return answer.result;
}

/** The ECID of the one row of this chat. */
async function ecidOfRow(session) {
  const rows = await rowsOf(stage.frontdesk, session);
  assert.equal(rows.length, 1, `${session}: rows`);
  return rows[0].ecid;
}

for (const [version, given] of Object.entries(VERSIONS)) {
  for (const edgeDomain of [THIRD_PARTY, FIRST_PARTY]) {
    const open = (more) => shop(visitor, { ...given, edgeDomain, ...more });
    const name = (session) => `v${version}-${edgeDomain}-${session}`;

    test(`${version} with ${edgeDomain}: events, beacons and pages are one visitor`, async () => {
      const first = await open();
      await call(first, "sendEvent", chat(name("first")));
      assert.equal((await alloy(first, "getLibraryInfo")).result?.libraryInfo?.version, version);
      const { identity } = await call(first, "getIdentity");
      await call(first, "sendEvent", chat(name("beacon"), { documentUnloading: true }));
      const second = await open();
      await call(second, "sendEvent", chat(name("second")));
      for (const session of ["first", "beacon", "second"]) {
        assert.equal(await ecidOfRow(name(session)), identity.ECID, session);
      }
      assert.ok(visitor.sent.some(({ action }) => action === "collect"), "a beacon was sent");
      const [request] = visitor.sent.slice(-1);
      assert.equal((await request.last.response.json()).warnings, undefined);
      assert.deepEqual(visitor.errors, []);
    });

    test(`${version} with ${edgeDomain}: consent is waited for, kept and withdrawn`, async () => {
      const page = await open({ defaultConsent: "pending" });
      const waiting = call(page, "sendEvent", chat(name("waiting")));
      await call(page, "setConsent", consent("in"));
      await waiting;
      await ecidOfRow(name("waiting"));
      const next = await open({ defaultConsent: "pending" });
      await call(next, "sendEvent", chat(name("next")));
      await call(next, "setConsent", consentVersion2({ collect: { val: "n" } }));
      const from = visitor.sent.length;
      await call(next, "sendEvent", chat(name("refused")));
      assert.equal(visitor.sent.length, from, "an event was sent after the refusal");
      await call(next, "setConsent", consentVersion2({ collect: { val: "li" } }));
      await call(next, "sendEvent", chat(name("again")));
      assert.equal(await ecidOfRow(name("again")), await ecidOfRow(name("waiting")));
      // What says nothing about collecting leaves the choice as it is.
      await call(next, "setConsent", consentVersion2({ marketing: { email: { val: "n" } } }));
      await call(next, "sendEvent", chat(name("marketing")));
      await ecidOfRow(name("marketing"));
      assert.equal(await visitor.cookie(cookieName("consent")), "general=in");
    });

    test(`${version} with ${edgeDomain}: a device id finds the visitor again`, async () => {
      const fpid = "79bf8e83-f708-414b-b1ed-5789ff33bf0b";
      const seeded = (session) => {
        const event = chat(name(session));
        event.xdm.identityMap = { FPID: [{ id: fpid, primary: true }] };
        return event;
      };
      await call(await open({ idMigrationEnabled: false }), "sendEvent", seeded("seeded"));
      await visitor.context.clearCookies();
      await call(await open({ idMigrationEnabled: false }), "sendEvent", seeded("seeded-again"));
      assert.equal(await ecidOfRow(name("seeded-again")), await ecidOfRow(name("seeded")));
    });

    test(`${version} with ${edgeDomain}: a refusing consent string in an event is not stored`, async () => {
      const page = await open();
      await call(page, "sendEvent", chat(name("before")));
      const event = chat(name("tcf"));
      event.xdm.consentStrings = [
        {
          consentStandard: "IAB TCF",
          consentStandardVersion: "2.0",
          consentStringValue: "CO052oTO052oTDGAMBFRACBgAABAAAAAAIYgEawAQEagAAAA",
          gdprApplies: true,
          containsPersonalData: false,
        },
      ];
      await call(page, "sendEvent", event);
      const [request] = visitor.sent.slice(-1);
      const { warnings } = await request.last.response.json();
      assert.match(warnings[0].type, /EXEG-0301-200/);
      // The SDK takes the choice over and sends nothing more.
      const from = visitor.sent.length;
      await call(page, "sendEvent", chat(name("after")));
      assert.equal(visitor.sent.length, from, "an event was sent after the refusal");
      await ecidOfRow(name("before"));
      assert.deepEqual(await rowsOf(stage.frontdesk, name("tcf"), 0), []);
    });
  }
}
