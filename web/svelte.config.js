// Svelte's compiler: runes in every file, and short names for the scopes of styles. Svelte strips types by itself.
export default {
  compilerOptions: {
    runes: true,
    cssHash: ({ hash, css }) => `s${hash(css).slice(0, 4)}`,
  },
};
