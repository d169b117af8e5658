/**
 * The name in a document's metadata under which its version in a synced list is kept: whoever publishes a document of
 * a list sends it along, and the list is compared with it. Without a schema: the nodes load it.
 */
export const listVersion = 'listVersion';
