# api, orchestrate, pyramid and view, deconvolve without a GPU, and the command line:
#   deno task bundle && docker build -f infra/images/cpu.Dockerfile -t clearstack:0.1.0 .
# The name of the function is the command of the container.
FROM denoland/deno:bin-2.9.6 AS deno

FROM debian:trixie-slim
RUN apt-get update \
  && apt-get install --yes --no-install-recommends ca-certificates \
  && rm -rf /var/lib/apt/lists/* \
  && groupadd --gid 65532 clearstack \
  && useradd --uid 65532 --gid 65532 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin clearstack \
  && mkdir --mode 0755 /etc/clearstack \
  && install --directory --owner 65532 --group 65532 /data /var/lib/clearstack
COPY --from=deno --chmod=755 /deno /usr/local/bin/deno
COPY --chmod=755 infra/images/serve.sh /usr/local/bin/clearstack
COPY out/bundle /opt/clearstack
ENV GLIBC_TUNABLES=glibc.malloc.arena_max=2:glibc.malloc.mmap_threshold=1048576:glibc.malloc.hugetlb=1 \
  DENO_DIR=/tmp/deno \
  DENO_NO_UPDATE_CHECK=1 \
  HOME=/tmp \
  HOST=0.0.0.0 \
  PORT=8080
USER 65532:65532
WORKDIR /opt/clearstack
EXPOSE 8080
HEALTHCHECK --start-period=60s --interval=20s --timeout=10s \
  CMD ["deno", "eval", "const r = await fetch(`http://127.0.0.1:${Deno.env.get('PORT')}/healthz`); Deno.exit(r.ok ? 0 : 1)"]
ENTRYPOINT ["clearstack"]
CMD ["help"]
