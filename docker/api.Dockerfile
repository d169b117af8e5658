# The DocDrop API: the packed npm package, and nothing that was needed to make it.
FROM node:24-bookworm-slim AS package
WORKDIR /src
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY . .
RUN npm run --silent build
RUN npm pack --ignore-scripts --pack-destination /tmp
RUN npm install --prefix /app --offline --no-audit --no-fund /tmp/n8n-nodes-docdrop-*.tgz
RUN mkdir /app/docker && cp docker/make-keys.mjs /app/docker/

# Debian, because the embedded index's library is made for glibc: it does not load on Alpine.
FROM node:24-bookworm-slim
COPY --from=package /app /app
RUN mkdir /data && chown node:node /data
ENV DOCDROP_HOST=0.0.0.0 DOCDROP_DATA_DIR=/data PATH=/app/node_modules/.bin:$PATH
USER node
VOLUME /data
EXPOSE 8765
HEALTHCHECK --interval=5s --timeout=5s --start-period=30s CMD ["node", "-e", "fetch('http://127.0.0.1:8765/health/ready').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
CMD ["docdrop", "serve"]
