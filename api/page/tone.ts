/** How something is, for its colour; its words stand beside it. */
export type Tone = 'ok' | 'busy' | 'warn' | 'bad' | 'idle';
