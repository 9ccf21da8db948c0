/** What happens in the proxy, as it happens. The log, the metrics and later the status page subscribe; nobody is waited for. */
export interface EventMap {
  listening: { readonly address: string; readonly listener: string };
  /** An interface has no address yet. */
  waiting: { readonly listener: string };
  /** A listener lost its address, or was taken out of the configuration. */
  closed: { readonly address: string; readonly listener: string };
  ready: { readonly addresses: readonly string[] };
  "connection-opened": { readonly client: string };
  "connection-closed": { readonly client: string };
  request: RequestRecord;
  "parent-state": { readonly parent: string; readonly up: boolean; readonly reason: string };
  /** One proof sent to a parent, and its verdict. */
  logon: {
    readonly parent: string;
    readonly identity: string;
    readonly scheme: string;
    readonly accepted: boolean;
    readonly ms: number;
  };
  latched: { readonly identity: string; readonly reason: string; readonly hint?: string };
  /** A reload begins; `reloaded` or `reload-failed` ends it. */
  reloading: { readonly file: string | undefined };
  reloaded: { readonly file: string | undefined };
  /** The settings from before stay in force. */
  "reload-failed": { readonly file: string | undefined; readonly message: string; readonly hint?: string };
  stopping: { readonly signal: string; readonly open: number };
  /** Works, but a person should know. */
  warning: { readonly message: string; readonly hint?: string };
  debug: { readonly message: string; readonly detail?: Readonly<Record<string, unknown>> };
}

/** One request or tunnel of a client, told when it has ended. */
export interface RequestRecord {
  readonly id: number;
  readonly client: string;
  readonly method: string;
  /** `host:port` of a tunnel, else the URL without userinfo, query and fragment. */
  readonly target: string;
  /** `direct`, or the parent's `host:port`; undefined when it never left. */
  readonly via: string | undefined;
  /** The status that the client saw; 0 when it went away before there was one. */
  readonly status: number;
  readonly bytesUp: number;
  readonly bytesDown: number;
  /** To the answer's head, and to the end. */
  readonly answerMs: number;
  readonly ms: number;
  /** Requests sent to the parent or origin for this one, and TCP connections opened for it. */
  readonly roundTrips: number;
  readonly connections: number;
  /** The code of the error that ended it, and its sentence. */
  readonly error?: string;
  readonly reason?: string;
}

type Listener<K extends keyof EventMap> = (event: EventMap[K]) => void;

export class Events {
  readonly #listeners = new Map<keyof EventMap, Set<Listener<never>>>();

  /** Calls back at every event of that name. Returns what ends the subscription. */
  on<K extends keyof EventMap>(name: K, listener: Listener<K>): () => void {
    const set = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, set);
    set.add(listener as Listener<never>);
    return () => set.delete(listener as Listener<never>);
  }

  emit<K extends keyof EventMap>(name: K, event: EventMap[K]): void {
    for (const listener of this.#listeners.get(name) ?? []) (listener as Listener<K>)(event);
  }

  /** True when somebody listens: lets a hot path skip making the event. */
  has(name: keyof EventMap): boolean {
    return (this.#listeners.get(name)?.size ?? 0) > 0;
  }
}
