/** etcd's HTTP gateway: any call as JSON, for calls that the sharder's own client does not have. */

/**
 * @param url of a member, for its clients.
 * @throws Error when it does not answer in time, or refuses; the message has the member's own words.
 */
export async function callGateway(
  url: string,
  call: { path: string; body: object; timeoutMs: number },
): Promise<unknown> {
  const signal = AbortSignal.timeout(call.timeoutMs);
  const response = await fetch(`${url}${call.path}`, {
    method: 'POST',
    body: JSON.stringify(call.body),
    signal,
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${url} answered ${response.status} ${text.slice(0, 200)}`);
  return JSON.parse(text);
}
