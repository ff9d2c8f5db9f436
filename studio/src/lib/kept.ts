// Words that this browser keeps from one visit to the next. Where it keeps nothing, they are forgotten.

export function kept(name: string): string | null {
  try {
    return localStorage.getItem(`impasto.${name}`);
  } catch {
    return null;
  }
}

export function keep(name: string, value: string) {
  try {
    localStorage.setItem(`impasto.${name}`, value);
  } catch {
    // The browser forbids it.
  }
}
