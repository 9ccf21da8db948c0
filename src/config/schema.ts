import { isAbsolute } from "node:path";
import { z } from "zod";
import { accountName, fields, hashText, listOf, reading, text } from "./schema-fields.ts";
import { readWho } from "./values/access-who.ts";
import { readDuration } from "./values/duration.ts";
import { readListen } from "./values/listen.ts";
import { readParentUrl } from "./values/parent-url.ts";
import { readProbe } from "./values/probe.ts";

/**
 * The whole of `sallyport.toml`: every key, its form, its default and what it is for. Nothing else holds a
 * default, and the table in docs/configuration.md is made from here.
 */

const duration = (initial: string, description: string, zero = false) =>
  fields.duration
    .transform((value, context) => reading(readDuration(value, zero), context))
    .prefault(initial)
    .meta({ form: "time", description });

const count = (initial: number, least: number, most: number, description: string) =>
  z
    .number()
    .int()
    .min(least)
    .max(most)
    .default(initial)
    .meta({ form: `number from ${least} to ${most}`, description });

const who = text.transform((value, context) => reading(readWho(value), context));

const credentialKeys = {
  username: accountName.optional().meta({
    form: "text",
    description: "The account's name as the domain knows it, without the domain.",
  }),
  domain: text.optional().meta({
    form: "text",
    description:
      'The account\'s domain, as in `CORP\\user`. Leave it out for names like `"user@corp.example"`.',
  }),
  workstation: text.optional().meta({
    form: "text",
    description: "The name of this host that NTLM parents are told. Default: its own.",
  }),
  password_file: text.optional().meta({
    form: "path",
    description:
      "A file with the password as its only line, mode 600. A relative path starts at the configuration's folder.",
  }),
  password: text.optional().meta({
    form: "text",
    description:
      "The password itself, with a warning: `password_file` keeps it out of copies of the configuration.",
  }),
  nt_hash: hashText.optional().meta({
    form: "32 hex digits",
    description:
      "In place of the password, for NTLM: what `sallyport hash` prints. As good as the password to a thief.",
  }),
  ntlmv2_hash: hashText.optional().meta({
    form: "32 hex digits",
    description: "In place of the password, for NTLMv2 with exactly this `username` and `domain`.",
  }),
};

const parent = z.strictObject({
  url: text
    .transform((value, context) => reading(readParentUrl(value), context))
    .meta({
      form: "`http://host:port`",
      description: "Where the company's proxy is. Never with a name or password.",
    }),
  auth: z.enum(["auto", "ntlm", "basic", "none"]).optional().meta({
    form: "`auto`, `ntlm`, `basic` or `none`",
    description: "As `auth` of `[identity]`, for this parent alone. `none`: it is never sent a credential.",
  }),
  ...credentialKeys,
});

const client = z.strictObject({
  username: text.meta({ form: "text", description: "The name that the client gives." }),
  password_file: text.meta({ form: "path", description: "The file with its password, mode 600." }),
});

const proxy = z.strictObject({
  listen: listOf(text.transform((value, context) => reading(readListen(value), context)))
    .prefault(["127.0.0.1:3128"])
    .meta({
      form: "list of addresses",
      description:
        "Where clients reach the proxy: `127.0.0.1:3128`, `[::1]:3128`, `docker0:3128` (an interface: bound when it gets an address, moved when that changes), `:3128` (all addresses, with `gateway`), `unix:/path`.",
    }),
  gateway: z.boolean().default(false).meta({
    form: "`true` or `false`",
    description:
      "Lets `listen` name all addresses of the host. Without `allow`, everybody who reaches them may then use the proxy.",
  }),
  allow: listOf(who).optional().meta({
    form: "list",
    description:
      'Who may use the proxy: addresses, networks, host names, `docker` (the engine\'s networks as they are now), `*`. Default: `["127.0.0.0/8", "::1", "docker"]`; with `gateway`, everybody.',
  }),
  deny: listOf(who).default([]).meta({ form: "list", description: "Who may not, whatever `allow` says." }),
  allow_targets: listOf(text).default([]).meta({
    form: "list",
    description:
      "Names or addresses that clients on other hosts and in containers may reach although they are the cloud's metadata service or this host's loopback.",
  }),
  no_proxy: z
    .preprocess(
      (value) =>
        Array.isArray(value) && value.every((one) => typeof one === "string") ? value.join(",") : value,
      z.string(),
    )
    .prefault("")
    .meta({
      form: "text or list",
      description:
        "What goes direct: names, `.suffix`, `*.suffix`, addresses, networks (these match addresses that the client wrote, no name is resolved), each with `:port` if need be.",
    }),
  probe: text
    .transform((value, context) => reading(readProbe(value), context))
    .prefault("trace")
    .meta({
      form: "`trace`, `off` or a URL",
      description:
        "How a spare connection is signed in before it is needed: by a `TRACE` that the parent answers itself, by a `HEAD` of this `http://` URL, or not at all.",
    }),
  parent: z.array(parent).default([]),
  client: z.array(client).default([]),
  timeouts: z
    .strictObject({
      connect: duration("2s", "For a TCP connection to a parent; then the next one is tried."),
      origin_connect: duration("10s", "For a TCP connection to a server that is reached directly."),
      answer: duration("5s", "Silence of a parent after which it is suspected and probed."),
      response: duration(
        "120s",
        "The longest wait for the head of an answer, even from a parent that is well.",
      ),
      head: duration("10s", "From a client's first byte to the end of its request's head."),
      keep_alive: duration("65s", "For a client's connection between two requests."),
      idle: duration("1h", "For a tunnel or body without a byte in either direction; 0 is for ever.", true),
      stop: duration("10s", "What open requests get to end in when the proxy stops."),
    })
    .prefault({}),
  limits: z
    .strictObject({
      head_bytes: count(131_072, 4096, 16_777_216, "The largest head of a request or an answer."),
      head_fields: count(1000, 50, 100_000, "The most header fields in one head."),
      connections: count(20_000, 1, 1_000_000, "The most connections of clients at once."),
    })
    .prefault({}),
  pool: z
    .strictObject({
      max_idle: count(64, 0, 10_000, "The most spare connections, signed in, for each parent and identity."),
      idle: duration("55s", "Spare connections that are older are closed."),
      logons: count(16, 1, 1000, "Sign-ins in flight at once, after the first has succeeded."),
    })
    .prefault({}),
});

export const schema = z.strictObject({
  proxy: proxy.prefault({}),
  identity: z
    .strictObject({
      ...credentialKeys,
      auth: z.enum(["auto", "ntlm", "basic"]).default("auto").meta({
        form: "`auto`, `ntlm` or `basic`",
        description: "How to sign in. `auto` takes the strongest scheme that the parent offers.",
      }),
    })
    .prefault({}),
  log: z
    .strictObject({
      level: z.enum(["debug", "info", "warn", "error"]).default("info").meta({
        form: "`debug`, `info`, `warn` or `error`",
        description: "What is logged, on standard error.",
      }),
      format: z.enum(["auto", "json", "pretty"]).default("auto").meta({
        form: "`auto`, `json` or `pretty`",
        description: "`auto` is `pretty` on a terminal, else `json`.",
      }),
      access: z
        .boolean()
        .default(false)
        .meta({ form: "`true` or `false`", description: "One line for every request." }),
    })
    .prefault({}),
  metrics: z
    .strictObject({
      listen: text
        .transform((value, context) => reading(readListen(value), context))
        .optional()
        .meta({
          form: "address",
          description: "Where `/metrics` (Prometheus) and `/healthz` are served. Default: nowhere.",
        }),
    })
    .prefault({}),
  state: z
    .strictObject({
      directory: text
        .refine((path) => isAbsolute(path), {
          message: "the directory is not an absolute path",
          params: { hint: "start it with /" },
        })
        .optional()
        .meta({
          form: "path",
          description:
            "Where the count of refused sign-ins is kept. Default: what systemd says (`StateDirectory=`), else `/var/lib/sallyport` for root, else `~/.local/state/sallyport`.",
        }),
    })
    .prefault({}),
});

export type Config = z.output<typeof schema>;
export type CredentialConfig = Partial<
  Pick<Config["proxy"]["parent"][number], keyof typeof credentialKeys | "auth">
>;
