// A stand-in for `impasto serve`, for work on the page: it keeps pictures and jobs in memory, and "paints" with the
// pictures of the repository. It sends the same Content-Security-Policy as the server. No dependencies.
//
//     node dev/mock.mjs [--port 7341] [--speed 1]
//
// It cannot decode pictures: JPEG and PNG sizes are read from their headers, derivatives are the files themselves.

import { createServer } from "node:http";
import { createHash } from "node:crypto";
import { readFileSync, existsSync } from "node:fs";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { makeJobs } from "./mock-jobs.mjs";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const PAGE = join(ROOT, "crates/impasto-server/page");
export const TOKEN = "mock-token";
const CSP =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; media-src 'self'; connect-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const TYPES = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".txt": "text/plain" };

export const file = (path) => readFileSync(join(ROOT, path));

/** Answers with a file of the built page; false if there is no such file. */
export function pageFile(path, res) {
  const at = join(PAGE, path === "/" ? "index.html" : path.replaceAll("..", ""));
  if (!existsSync(at)) return false;
  const headers = { "content-type": TYPES[extname(at)] ?? "application/octet-stream", "content-security-policy": CSP, "x-content-type-options": "nosniff" };
  res.writeHead(200, headers).end(readFileSync(at));
  return true;
}

/** Width and height of a PNG or JPEG, from its header. */
function measure(b) {
  if (b.readUInt32BE(0) === 0x89504e47) return { format: "png", width: b.readUInt32BE(16), height: b.readUInt32BE(20) };
  if (b.readUInt16BE(0) !== 0xffd8) return null;
  for (let at = 2; at + 9 < b.length; at += 2 + b.readUInt16BE(at + 2)) {
    const marker = b[at + 1];
    if (marker >= 0xc0 && marker <= 0xc3) return { format: "jpg", width: b.readUInt16BE(at + 7), height: b.readUInt16BE(at + 5) };
  }
  return null;
}

export function startMock({ port = 0, speed = 1 } = {}) {
  const pictures = new Map();
  const presets = new Map([["gatys", { id: "gatys", name: "Gatys 2016", settings: { preset: "gatys" }, builtin: true }]]);
  const styles = new Map();

  function add(bytes, name) {
    const size = measure(bytes);
    if (!size) return null;
    const id = createHash("sha256").update(bytes).digest("hex");
    const has_recipe = bytes.includes("impasto-recipe");
    const picture = { id, name, ...size, bytes: bytes.length, depth: 8, alpha: false, profile: null, notes: [], has_recipe };
    picture.created = new Date().toISOString();
    if (!pictures.has(id)) pictures.set(id, { picture, bytes });
    return pictures.get(id).picture;
  }
  const harbour = add(file("samples/harbour.jpg"), "harbour.jpg");
  for (const name of ["swirls", "mosaic"]) {
    const picture = add(file(`samples/${name}.jpg`), `${name}.jpg`);
    styles.set(name, { id: name, name, tags: ["sample"], picture, sample: true, settings: null });
  }
  const jobs = makeJobs({ pictures, speed });

  const json = (res, status, body) => res.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  const problem = (res, status, body) =>
    res.writeHead(status, { "content-type": "application/problem+json" }).end(JSON.stringify({ type: "about:blank", status, ...body }));
  const image = (res, bytes, type = "image/jpeg") => res.writeHead(200, { "content-type": type, "cache-control": "max-age=60" }).end(bytes);

  async function answer(req, res) {
    const url = new URL(req.url, "http://mock");
    const path = url.pathname;
    if (!path.startsWith("/api/v1/")) return pageFile(path, res) || problem(res, 404, { title: "Not found" });
    res.setHeader("content-security-policy", CSP);
    const chunks = [];
    for await (const chunk of req) chunks.push(chunk);
    const raw = Buffer.concat(chunks);
    const parts = path.slice("/api/v1/".length).split("/");
    const [area, id] = parts;
    if (area === "session") {
      if (req.headers.authorization !== `Bearer ${TOKEN}`) return problem(res, 401, { title: "Wrong token" });
      return res.writeHead(204, { "set-cookie": `impasto=${TOKEN}; HttpOnly; SameSite=Strict; Path=/` }).end();
    }
    if (!(req.headers.cookie ?? "").includes(`impasto=${TOKEN}`)) return problem(res, 401, { title: "No session" });
    const body = () => JSON.parse(raw.toString() || "{}");
    if (area === "status") return json(res, 200, jobs.status());
    if (area === "devices") return json(res, 200, [{ name: "cpu", model: "avx2", kind: "processor", api: null }]);
    if (area === "samples") return json(res, 200, { contents: [harbour] });
    if (area === "pictures") {
      if (!id) return json(res, 200, { pictures: [...pictures.values()].map((p) => p.picture), next: null });
      if (req.method === "PUT") {
        if (createHash("sha256").update(raw).digest("hex") !== id) return problem(res, 400, { title: "The hash differs" });
        const known = pictures.has(id);
        const picture = add(raw, url.searchParams.get("name"));
        if (!picture) return problem(res, 422, { detail: "The file is not a picture.", hint: "PNG and JPEG are read." });
        return json(res, known ? 200 : 201, picture);
      }
      const known = pictures.get(id);
      if (!known) return problem(res, 404, { detail: "There is no such picture." });
      if (parts[2] === "info") return json(res, 200, known.picture);
      if (parts[2] === "settings") {
        const settings = { kind: "stylize", strength: 0.6, stroke_size: 2, size: 512, seed: 7 };
        const style = [...styles.values()][1].picture;
        const inputs = { content: { name: "harbour.jpg", sha256: harbour.id, known: true }, styles: [{ name: style.name, sha256: style.id, known: true }] };
        return json(res, 200, { settings, notes: [], inputs });
      }
      return image(res, known.bytes, known.picture.format === "png" ? "image/png" : "image/jpeg");
    }
    if (area === "styles" || area === "presets") {
      const map = area === "styles" ? styles : presets;
      if (req.method === "GET") return json(res, 200, { [area]: [...map.values()] });
      if (req.method === "DELETE") map.delete(id);
      else if (area === "styles") map.set(id, { ...body(), id, sample: false, picture: pictures.get(body().picture).picture });
      else map.set(id, { ...body(), id, builtin: false });
      jobs.emit(area === "styles" ? "style.changed" : "preset.changed", { id });
      return json(res, 200, map.get(id) ?? {});
    }
    return jobs.answer({ req, res, url, parts, body, json, problem, image });
  }

  const server = createServer((req, res) => void answer(req, res).catch((e) => problem(res, 500, { detail: String(e) })));
  return new Promise((done) =>
    server.listen(port, "127.0.0.1", () => {
      const address = `http://127.0.0.1:${server.address().port}/#token=${TOKEN}`;
      done({ address, jobs, pictures, stop: () => (jobs.stop(), server.closeAllConnections(), server.close()) });
    }),
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const flag = (name, otherwise) => Number(process.argv[process.argv.indexOf(name) + 1] || otherwise);
  const has = (name) => process.argv.includes(name);
  const mock = await startMock({ port: has("--port") ? flag("--port") : 7341, speed: has("--speed") ? flag("--speed") : 1 });
  console.log(mock.address);
}
