// What the tests know of the Web SDK: how a page configures it, its cookies, its identity.
import { alloy } from "./browser.mjs";
import { DATASTREAM, ORG, SITE, THIRD_PARTY } from "./frontdesk.mjs";

/** Without this the SDK asks a host of Adobe's first. */
const THIRD_PARTY_COOKIES = { thirdPartyCookiesEnabled: false };

/** The configuration that a site needs for a server of its own; `undefined` leaves a member out. */
export function configuration(given = {}) {
  const site = { datastreamId: DATASTREAM, orgId: ORG, edgeDomain: THIRD_PARTY, clickCollectionEnabled: true };
  const all = { ...site, ...THIRD_PARTY_COOKIES, ...given };
  // The SDK refuses a name that it doesn't know, even without a value.
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

/** Opens a page of the shop and configures the SDK in it. */
export async function shop(visitor, { path = "/contact?utm=1", site = SITE, ...given } = {}) {
  const page = await visitor.open(`https://${site}${path}`);
  const configured = await alloy(page, "configure", configuration(given));
  if (!configured.ok) throw new Error(`configure was rejected: ${configured.error}`);
  return page;
}

/** The name of one of the SDK's cookies: `identity`, `consent` or `cluster`. */
export const cookieName = (kind) => `kndctr_${ORG.replace("@", "_")}_${kind}`;

/** A cookie as if an earlier visit had left it on the shop's domain. */
export const siteCookie = (name, value) => ({
  name,
  value,
  domain: `.${SITE.replace(/^www\./, "")}`,
  path: "/",
  secure: true,
  sameSite: "None",
});

/** A chat that `session` tells from all others. */
export const chat = (session, more = {}) => ({
  xdm: { eventType: "customerFeedback.chatStart", customerFeedback: { chatStart: 1, chatSessionID: session } },
  ...more,
});

/** The visitor's id of the pages' SDK. */
export async function ecidOf(page) {
  const answer = await alloy(page, "getIdentity");
  if (!answer.ok) throw new Error(`getIdentity was rejected: ${answer.error}`);
  return answer.result.identity.ECID;
}

/** The rows of one chat, once there are `enough` of them. */
export const rowsOf = (frontdesk, session, enough = 1) =>
  frontdesk.sqlUntil(
    `select *, identityMap['ECID'][1]['id'] as ecid from events
     where customerFeedback.chatSessionID = ${quoted(session)}`,
    (rows) => rows.length >= enough,
  );

/** A text as SQL. */
export const quoted = (text) => `'${text.replaceAll("'", "''")}'`;
