export interface Health {
  /** Every listener with an address is bound. */
  readonly ready: boolean;
  readonly stopping: boolean;
  /** Empty when none is configured. */
  readonly parents: readonly {
    readonly parent: string;
    readonly up: boolean;
    /** Its credential was refused, and is no longer tried. */
    readonly latched?: boolean;
  }[];
}

export interface HealthAnswer {
  readonly status: 200 | 503;
  readonly body: {
    readonly status: "ok" | "starting" | "stopping" | "no-parent" | "latched";
    readonly reason?: string;
    readonly parents: Health["parents"];
  };
}

/** Well means: a request that comes now has a way out, as far as is known. */
export function judgeHealth({ ready, stopping, parents }: Health): HealthAnswer {
  if (stopping) return bad("stopping", "Sallyport is stopping.", parents);
  if (!ready) return bad("starting", "Not every listener is bound yet.", parents);
  if (parents.length > 0 && !parents.some((one) => one.up))
    return bad("no-parent", `No parent is up: ${parents.map((one) => one.parent).join(", ")}.`, parents);
  if (parents.length > 0 && !parents.some((one) => one.up && one.latched !== true))
    return bad("latched", "The credential was refused, and no further logon is tried.", parents);
  return { status: 200, body: { status: "ok", parents } };
}

function bad(
  status: "starting" | "stopping" | "no-parent" | "latched",
  reason: string,
  parents: Health["parents"],
): HealthAnswer {
  return { status: 503, body: { status, reason, parents } };
}
