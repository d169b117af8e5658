# n8n with the DocDrop nodes where it looks for community packages.
FROM node:24-bookworm-slim AS package
WORKDIR /src
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY . .
RUN npm run --silent build
RUN npm pack --ignore-scripts --pack-destination /tmp
RUN npm install --prefix /app --offline --no-audit --no-fund /tmp/n8n-nodes-docdrop-*.tgz
RUN node docker/first-workflow.mjs workflows/folder-to-index.json /app

FROM n8nio/n8n:2.40.7
COPY --from=package /app /opt/docdrop
COPY docker/start-n8n.sh /opt/docdrop/start-n8n.sh
ENTRYPOINT ["/bin/sh", "/opt/docdrop/start-n8n.sh"]
