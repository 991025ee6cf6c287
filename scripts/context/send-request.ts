/**
 * Sends one HTTP request without `fetch`: `fetch`, and an `import` of node:http, which reads all exports, load a whole second client;
 * with the rest that a command needs, its start would take three times as long as bare Node.js's instead of twice.
 */
import type { AgentOptions, IncomingHttpHeaders } from 'node:http';

export interface Reply {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/** @throws the error that kept the whole answer from coming, and the signal's reason. */
export async function sendRequest(
  url: URL,
  options: { method: string; signal: AbortSignal; timeoutMs: number; value: Uint8Array | null },
): Promise<Reply> {
  const { method, signal, timeoutMs, value } = options;
  const http = process.getBuiltinModule(url.protocol === 'https:' ? 'node:https' : 'node:http');
  const { proxyEnv } = (http.globalAgent as unknown as { options: AgentOptions }).options;
  // Node.js made its own agent before `skipProxies` named the addresses without a proxy.
  const agent = proxyEnv === undefined ? http.globalAgent : new http.Agent({ proxyEnv: process.env });
  return new Promise((resolve, reject) => {
    const asked = http.request(url, { method, agent }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const { statusCode: status = 0, headers } = response;
        resolve({ status, headers, body: Buffer.concat(chunks) });
      });
    });
    const end = (reason: Error) => {
      reject(reason);
      asked.destroy(reason);
    };
    const late = new Error(`no answer within ${timeoutMs / 1000} s`);
    const timer = setTimeout(() => end(late), timeoutMs);
    asked.on('close', () => clearTimeout(timer));
    asked.on('error', reject);
    signal.addEventListener('abort', () => end(signal.reason as Error), { once: true });
    asked.end(value ?? undefined);
  });
}
