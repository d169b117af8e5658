/** The HTTP face. */
export { createHttp } from './http-app.ts';
export type { AccessKeys, Caller } from './access.ts';
export type { FollowedSource } from './source-routes.ts';
