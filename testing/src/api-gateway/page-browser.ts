/** Where the page keeps its session. */
export const SESSION_KEY = 'orderflow.session';
const encode = (text: string) => new TextEncoder().encode(text);

/** A request of the page, and the stream with which it is answered. */
type Call = { headers: Headers; signal: AbortSignal; send: (piece: string | Uint8Array) => void; end: () => void };

/** A browser as far as a feed needs one. The clock stands still unless a test moves it. */
export function createPageBrowser() {
  const document = Object.assign(new EventTarget(), { hidden: false, cookie: '' });
  const storage = new Map<string, string>();
  const sessionStorage = {
    getItem: (key: string) => storage.get(key) ?? null,
    setItem: (key: string, value: string) => void storage.set(key, value),
    removeItem: (key: string) => void storage.delete(key),
  };
  const calls: Call[] = [];
  let refusal: Response | undefined;
  const fetch = async (_: string, { headers, signal }: RequestInit): Promise<Response> => {
    let controller!: ReadableStreamDefaultController<Uint8Array>;
    const body = new ReadableStream<Uint8Array>({ start: (given) => void (controller = given) });
    signal?.addEventListener('abort', () => {
      controller.error(signal.reason);
    });
    calls.push({
      ...{ headers: new Headers(headers), signal: signal! },
      send: (piece) => {
        controller.enqueue(typeof piece === 'string' ? encode(piece) : piece);
      },
      end: () => {
        controller.close();
      },
    });
    return refusal ?? new Response(body, { headers: { 'content-type': 'text/event-stream' } });
  };
  return {
    ...{ document, sessionStorage, fetch, calls, location: { pathname: '/' } },
    refuse: (status: number) => {
      refusal = Response.json({ detail: 'no' }, { status });
    },
    signIn: (session: { id: string; accessToken: string; renewAt?: number; expiresAt?: number }) => {
      sessionStorage.setItem(SESSION_KEY, JSON.stringify(session));
    },
  };
}
