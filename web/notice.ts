// The licences of what the page contains: the part of NOTICE that its module and its script need. NOTICE is written by
// `.ci/notice` for all programs, in sections of packages with one text.

const RULE = "=".repeat(100);
const LINE = "-".repeat(100);

/** `crates` are the crates of the module, each as `NAME VERSION`. */
export function noticeOf(notice: string, crates: Set<string>): string {
  const [head, ...sections] = notice.split(`${RULE}\n`);
  /** A line that names a crate stays if the module has it; every other line stays. */
  const stays = (line: string) => {
    const crate = /^(\S+) (\d\S*) \([^)]*\)(?!.*in the pages)/.exec(line);
    return !crate || crates.has(`${crate[1]} ${crate[2]}`);
  };
  const kept = sections.flatMap((section) => {
    const [titles, text] = section.split(`${LINE}\n`);
    const names = titles.split("\n").filter(stays).join("\n");
    if (!names.trim()) return [];
    return [`${RULE}\n${names}${LINE}\n${text.split("\n").filter(stays).join("\n")}`];
  });
  return [head.replace("published programs of Impasto contain", "page of Impasto contains"), ...kept].join("");
}
