// Svelte's compiler: runes in every file. Svelte strips types by itself.
export default { compilerOptions: { runes: true } };
