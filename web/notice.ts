// The licences of what the page contains: the part of NOTICE that its module and its script need. NOTICE is written by
// `.ci/notice` for all programs, in sections of packages with one text.

const RULE = "=".repeat(100);
const LINE = "-".repeat(100);

/** Terms that many packages have word for word: where they begin, and where they end. */
const TERMS: [string, RegExp][] = [
  ["MIT licence", /Permission is hereby granted, free of charge[\s\S]*?DEALINGS\s+IN\s+THE\s+SOFTWARE\./g],
  ["Apache License, Version 2.0", /TERMS AND CONDITIONS FOR USE, REPRODUCTION[\s\S]*?END OF TERMS AND CONDITIONS/g],
];

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
  return onceEach([head.replace("published programs of Impasto contain", "page of Impasto contains"), ...kept].join(""));
}

/** Prints equal terms once. Where they return, a line says so; copyright lines stay. */
export function onceEach(notice: string): string {
  return TERMS.reduce((text, [name, terms]) => {
    let first = "";
    return text.replace(terms, (found) => {
      const words = found.split(/\s+/).join(" ");
      if (words === first) return `(The terms of the ${name}, word for word as above.)`;
      first ||= words;
      return found;
    });
  }, notice);
}
