/** Bounds on what callers use up together, in fair shares. */
export { type Allotment, createAllotment } from './allotment.ts';
export type { Caller } from './caller.ts';
