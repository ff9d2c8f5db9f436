// The built page as it is on the disk, before a real server: its files come from here, calls of the API go there. So
// the page can be tried without building the server again.
//
//     node dev/proxy.mjs 'http://127.0.0.1:7340/#token=...' [port]

import { createServer, request } from "node:http";
import { pageFile } from "./mock.mjs";

const target = new URL(process.argv[2]);
const port = Number(process.argv[3] ?? 7342);

createServer((req, res) => {
  const { pathname } = new URL(req.url, target);
  if (!pathname.startsWith("/api/")) return pageFile(pathname, res) || res.writeHead(404).end();
  const headers = { ...req.headers, host: target.host };
  if (headers.origin) headers.origin = target.origin;
  const onward = request(
    { host: target.hostname, port: target.port, method: req.method, path: req.url, headers },
    (answer) => {
      res.writeHead(answer.statusCode, answer.headers);
      answer.pipe(res);
    },
  );
  onward.on("error", () => res.destroy());
  res.on("close", () => onward.destroy());
  req.pipe(onward);
}).listen(port, "127.0.0.1", () => console.log(`http://127.0.0.1:${port}/${target.hash}`));
