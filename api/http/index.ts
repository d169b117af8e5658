/** The HTTP face. */
export type { Certificate } from './http-server.ts';
export { createHttp } from './http-app.ts';
export type { AccessKeys, Caller } from './access.ts';
export type { FollowedSource } from './source-routes.ts';
