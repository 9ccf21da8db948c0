import { createHash } from "node:crypto";
import { deflateSync } from "node:zlib";

/**
 * A Git repository with one commit, as the plain files that Git's "dumb" HTTP transport fetches (gitprotocol-http(5)):
 * path below the repository to content. It can be cloned without Git on the server.
 */
export function gitRepository(fileName: string, text: string): ReadonlyMap<string, Buffer> {
  const files = new Map<string, Buffer>();
  const add = (type: "blob" | "tree" | "commit", content: Buffer): string => {
    const object = Buffer.concat([Buffer.from(`${type} ${content.length}\0`), content]);
    const id = createHash("sha1").update(object).digest("hex");
    files.set(`objects/${id.slice(0, 2)}/${id.slice(2)}`, deflateSync(object));
    return id;
  };
  const blob = add("blob", Buffer.from(text));
  const tree = add("tree", Buffer.concat([Buffer.from(`100644 ${fileName}\0`), Buffer.from(blob, "hex")]));
  const who = "Sallyport demo <demo@demo.test> 1767225600 +0000";
  const commit = add(
    "commit",
    Buffer.from(`tree ${tree}\nauthor ${who}\ncommitter ${who}\n\nThe only commit\n`),
  );
  files.set("HEAD", Buffer.from("ref: refs/heads/main\n"));
  files.set("info/refs", Buffer.from(`${commit}\trefs/heads/main\n`));
  return files;
}
