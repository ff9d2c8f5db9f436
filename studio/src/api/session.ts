// The session: the token in the address that the server printed is changed for a cookie, and leaves the address.

import { BASE } from "./client";

/** Signs in with the address's token, if it has one. False if the server refused it. */
export async function signIn(): Promise<boolean> {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (!token) return true;
  history.replaceState(null, "", location.pathname);
  const headers = { authorization: `Bearer ${token}` };
  const answer = await fetch(`${BASE}/session`, { method: "POST", headers }).catch(() => null);
  return answer?.ok ?? false;
}
