// Numbers of requests and pictures: each is larger than those before.

let last = 0;

export const next = () => ++last;
