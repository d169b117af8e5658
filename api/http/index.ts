/** The HTTP face. */
export { createHttp } from './http-app.ts';
export type { FollowedSource } from './source-routes.ts';
