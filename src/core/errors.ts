/**
 * The errors of the whole program: one class a kind, each with a code that never changes its meaning.
 * docs/errors.md lists the same codes; a test holds the two equal.
 */

/** What every kind says of itself, once. */
export interface ErrorKind {
  /** Stable: scripts and support tickets rely on it. */
  readonly code: string;
  /** A few words: what kind of thing went wrong. */
  readonly title: string;
  /** How it ends a command: 1 it failed, 2 it was called wrongly. */
  readonly exitCode: 1 | 2;
  /** How the proxy answers a client that ran into it. */
  readonly status: number;
  /** The `error` parameter of `Proxy-Status` (RFC 9209, 2.3). */
  readonly proxyError?: string;
}

export interface ErrorDetail {
  /** The command or the change that mends it: one sentence. */
  readonly hint?: string;
  readonly cause?: unknown;
  /** Overrides the kind's own status where one kind covers several (400, 414, 431 …). */
  readonly status?: number;
}

/** The base: a sentence for a person (what was attempted, what was wrong, which value), and a hint that mends. */
export abstract class SallyportError extends Error {
  readonly code: string;
  readonly title: string;
  readonly exitCode: 1 | 2;
  readonly status: number;
  readonly proxyError: string | undefined;
  readonly hint: string | undefined;

  constructor(kind: ErrorKind, message: string, detail: ErrorDetail = {}) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.name = new.target.name;
    this.code = kind.code;
    this.title = kind.title;
    this.exitCode = kind.exitCode;
    this.status = detail.status ?? kind.status;
    this.proxyError = kind.proxyError;
    this.hint = detail.hint;
  }
}

export interface ErrorClass {
  readonly kind: ErrorKind;
  new (message: string, detail?: ErrorDetail): SallyportError;
}

function define(
  code: string,
  title: string,
  status: number,
  proxyError?: string,
  exitCode: 1 | 2 = 1,
): ErrorClass {
  const kind: ErrorKind = { code, title, status, exitCode, ...(proxyError ? { proxyError } : {}) };
  return class extends SallyportError {
    static readonly kind = kind;
    constructor(message: string, detail?: ErrorDetail) {
      super(kind, message, detail);
    }
  };
}

// --- commands and configuration
export class UsageError extends define("SP_USAGE", "wrong use of a command", 500, undefined, 2) {}
export class ConfigError extends define("SP_CONFIG", "mistakes in the configuration", 500) {}
export class SecretFileError extends define("SP_SECRET_FILE", "a file with a secret cannot be used", 500) {}
export class ListenError extends define("SP_LISTEN", "an address cannot be listened on", 500) {}
export class StateError extends define("SP_STATE", "the state on disk cannot be read or written", 500) {}
export class PrivilegeError extends define("SP_PRIVILEGE", "a right of the process is missing", 500) {}
export class InternalError extends define(
  "SP_INTERNAL",
  "a mistake of Sallyport itself",
  500,
  "proxy_internal_error",
) {}

// --- what the client did
export class BadRequestError extends define(
  "SP_BAD_REQUEST",
  "a request that is not valid HTTP",
  400,
  "http_request_error",
) {}
export class ClientDeniedError extends define(
  "SP_CLIENT_DENIED",
  "a client that may not use the proxy",
  403,
  "http_request_denied",
) {}
export class ClientLogonError extends define(
  "SP_CLIENT_LOGON",
  "a client that has not signed in to Sallyport",
  407,
  "http_request_denied",
) {}
export class TargetDeniedError extends define(
  "SP_TARGET_DENIED",
  "a target that this client may not reach",
  403,
  "destination_ip_prohibited",
) {}
export class LoopError extends define(
  "SP_LOOP",
  "a request that has been here before",
  508,
  "proxy_loop_detected",
) {}
export class ClientTimeoutError extends define(
  "SP_CLIENT_TIMEOUT",
  "a client that was too slow",
  408,
  "http_request_error",
) {}

// --- the way out
export class ResolveError extends define("SP_RESOLVE", "a name that cannot be resolved", 502, "dns_error") {}
export class ConnectError extends define(
  "SP_CONNECT",
  "a connection that was refused or failed",
  502,
  "connection_refused",
) {}
export class ConnectTimeoutError extends define(
  "SP_CONNECT_TIMEOUT",
  "a connection that got no answer",
  504,
  "connection_timeout",
) {}
export class AnswerError extends define(
  "SP_ANSWER",
  "an answer that ended early or is not valid HTTP",
  502,
  "http_protocol_error",
) {}
export class NoAnswerError extends define(
  "SP_NO_ANSWER",
  "a connection that was closed without an answer",
  502,
  "http_response_incomplete",
) {}
export class AnswerTimeoutError extends define(
  "SP_ANSWER_TIMEOUT",
  "an answer that did not come in time",
  504,
  "http_response_timeout",
) {}

// --- authentication to the parent
export class SchemeError extends define(
  "SP_SCHEME",
  "a parent that offers no scheme Sallyport may use",
  502,
  "proxy_configuration_error",
) {}
export class ChallengeError extends define(
  "SP_CHALLENGE",
  "a challenge that cannot be understood",
  502,
  "http_protocol_error",
) {}
export class CredentialRefusedError extends define(
  "SP_CREDENTIAL_REFUSED",
  "a credential that the parent refused",
  502,
  "http_request_denied",
) {}
export class CredentialLatchedError extends define(
  "SP_CREDENTIAL_LATCHED",
  "a credential that is no longer tried, to keep the account from being locked",
  502,
  "http_request_denied",
) {}
export class NoCredentialError extends define(
  "SP_NO_CREDENTIAL",
  "a parent that wants a logon when none is configured",
  502,
  "proxy_configuration_error",
) {}

/** All kinds, in the order of docs/errors.md. */
export const errorKinds: readonly ErrorKind[] = [
  UsageError,
  ConfigError,
  SecretFileError,
  ListenError,
  StateError,
  PrivilegeError,
  InternalError,
  BadRequestError,
  ClientDeniedError,
  ClientLogonError,
  TargetDeniedError,
  LoopError,
  ClientTimeoutError,
  ResolveError,
  ConnectError,
  ConnectTimeoutError,
  AnswerError,
  NoAnswerError,
  AnswerTimeoutError,
  SchemeError,
  ChallengeError,
  CredentialRefusedError,
  CredentialLatchedError,
  NoCredentialError,
].map((one) => one.kind);

/** Any thrown value as one of ours; what is not is a mistake in the program, and says so. */
export function asSallyportError(thrown: unknown): SallyportError {
  if (thrown instanceof SallyportError) return thrown;
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  return new InternalError(`Sallyport ran into something it did not expect: ${text}`, {
    cause: thrown,
    hint: "Run the same with --debug and report what it prints.",
  });
}
