// Runs a program for wasm32-unknown-unknown, which has no system: it is given no functions, and its exit status is all
// that it says. A panic is a trap, which ends node with an error.
import { readFile } from "node:fs/promises";

const module = await WebAssembly.compile(await readFile(process.argv[2]));
const imports = {};
for (const { module: from, name } of WebAssembly.Module.imports(module)) {
    imports[from] ??= {};
    imports[from][name] = () => {
        throw new Error(`the program calls ${from}.${name}, which is not there`);
    };
}
const { exports } = await WebAssembly.instantiate(module, imports);
process.exitCode = exports.main(0, 0);
