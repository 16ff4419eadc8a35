// Pages whose SDK has another organisation than the datastream: they are told, and where the
// organisation shows they are answered under it.
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { alloy } from "../lib/browser.mjs";
import { DATASTREAM, FIRST_PARTY, ORG, SITE, THIRD_PARTY } from "../lib/frontdesk.mjs";
import { chat, cookieName, ecidOf, rowsOf, shop, siteCookie } from "../lib/sdk.mjs";
import { raise } from "../lib/stage.mjs";

/** A datastream that names no organisation, and one that names another than the page. */
const OPEN = DATASTREAM;
const OTHER = "7d0b5f4e-2f0f-4c57-9a3b-0c5b8a6f1e22";
const STREAMS = {
  [OPEN]: { origins: [`https://${SITE}`] },
  [OTHER]: { origins: [`https://${SITE}`], org_id: "OTHER@AdobeOrg" },
};
/** An identity cookie as Adobe's server made it, and the visitor in it. */
const COOKIE = "CiY3MTcwMTk1NDExODU1NDE4MDc2MDY1Mjg1MjEwODc1NjczOTI0NFIQCIPW35ygNBgBKgNPUjIwAPABg9bfnKA0";
const ECID = "71701954118554180760652852108756739244";
const VERSIONS = {
  "2.8.0": (datastream) => ({ path: "/?sdk=oldest", datastreamId: undefined, edgeConfigId: datastream }),
  "2.33.1": (datastream) => ({ datastreamId: datastream }),
};

let stage;
let visitor;
before(async () => {
  stage = await raise({ streams: STREAMS });
});
after(() => stage?.strike());
beforeEach(async () => {
  visitor = await stage.browser.visitor();
});
afterEach(() => visitor.close());

/** The oldest SDK says so itself when it doesn't find its cookie; the event is sent all the same. */
const NOT_SET = /An identity was not set properly/;

/** Sends one chat, which must become one row: its ECID, and what the answer warned of. */
async function delivered(page, session, unset = NOT_SET) {
  const from = visitor.sent.length;
  const sent = await alloy(page, "sendEvent", chat(session));
  assert.ok(sent.ok || unset?.test(sent.error), `${session}: ${sent.error}`);
  const [request] = await visitor.sentFrom(from, 1);
  assert.ok(await visitor.answered(), `${session}: no answer`);
  const { warnings = [] } = await request.last.response.json();
  const [row] = await rowsOf(stage.frontdesk, session);
  return { ecid: row.ecid, codes: warnings.map(({ type }) => type), details: warnings.map(({ detail }) => detail) };
}

const MISMATCH = "/problems/org_mismatch";

for (const [version, configure] of Object.entries(VERSIONS)) {
  const open = (datastream, more = {}) => shop(visitor, { ...configure(datastream), ...more });

  for (const edgeDomain of [THIRD_PARTY, FIRST_PARTY]) {
    test(`${version} with ${edgeDomain}: the page's own cookie tells its organisation`, async () => {
      await visitor.context.addCookies([siteCookie(cookieName("identity"), COOKIE)]);
      const session = `own-${version}-${edgeDomain}`;
      const page = await open(OPEN, { edgeDomain, defaultConsent: "pending" });
      const waiting = delivered(page, `${session}-1`, null);
      const consent = [{ standard: "Adobe", version: "1.0", value: { general: "in" } }];
      const set = await alloy(page, "setConsent", { consent });
      assert.ok(set.ok, set.error);
      assert.deepEqual(await waiting, { ecid: ECID, codes: [], details: [] });
      assert.equal(await visitor.cookie(cookieName("consent")), "general=in");
      assert.equal(await ecidOf(page), ECID);
      const next = await open(OPEN, { edgeDomain, defaultConsent: "pending" });
      assert.equal((await delivered(next, `${session}-2`, null)).ecid, ECID);
    });
  }

  test(`${version}: another organisation is told, and its visitor stays one`, async () => {
    await visitor.context.addCookies([siteCookie(cookieName("identity"), COOKIE)]);
    const page = await open(OTHER, { defaultConsent: "pending" });
    const waiting = delivered(page, `told-${version}`, null);
    const consent = [{ standard: "Adobe", version: "1.0", value: { general: "in" } }];
    assert.ok((await alloy(page, "setConsent", { consent })).ok);
    const { codes, details, ecid } = await waiting;
    assert.deepEqual([codes, ecid], [[MISMATCH], ECID]);
    assert.ok(details[0].includes(ORG) && details[0].includes("OTHER@AdobeOrg"), details[0]);
  });

  test(`${version}: a visitor who brings an ECID without a cookie is told of`, async () => {
    const page = await open(OTHER);
    await delivered(page, `lost-${version}-1`);
    // The SDK has written its predecessor's cookie, and brings that along from now on.
    const { codes, ecid } = await delivered(page, `lost-${version}-2`);
    assert.deepEqual(codes, [MISMATCH]);
    const next = await open(OTHER);
    const later = await delivered(next, `lost-${version}-3`);
    assert.deepEqual([later.codes, later.ecid], [[MISMATCH], ecid]);
  });

  test(`${version}: on the site's own domain the organisation is learnt on the second event`, async () => {
    const page = await open(OPEN, { edgeDomain: FIRST_PARTY });
    const first = await delivered(page, `learnt-${version}-1`);
    const second = await delivered(page, `learnt-${version}-2`);
    const third = await delivered(page, `learnt-${version}-3`, null);
    assert.deepEqual([second, third], [first, first]);
    assert.ok(await visitor.cookie(cookieName("identity")), "the cookie has the page's name");
    const next = await open(OPEN, { edgeDomain: FIRST_PARTY });
    assert.equal((await delivered(next, `learnt-${version}-4`, null)).ecid, first.ecid);
  });
}

test("the log is told once for each datastream", async () => {
  const page = await shop(visitor, { datastreamId: OTHER });
  await delivered(page, "log-1");
  await delivered(page, "log-2");
  const lines = stage.frontdesk.log().split("\n").filter((line) => line.includes("the datastream") || line.includes("brought an ECID"));
  assert.equal(lines.filter((line) => line.includes(OTHER)).length, 1, stage.frontdesk.log());
});
