# Hearth itself. One stage builds the program and its modules, the other holds them, their libraries and
# PostgreSQL's server programs (for `database embedded`).
#   docker build -t hearth/hearth .
#   docker compose up        (compose.yaml)
ARG DEBIAN=debian:bookworm-slim

FROM ${DEBIAN} AS build
WORKDIR /src
COPY scripts/install-deps scripts/install-deps
COPY scripts/lib/common.sh scripts/lib/packages.sh scripts/lib/
RUN scripts/install-deps build
COPY . .
RUN cmake --preset release && ninja -C build/release

# The job that archives and restores volumes, alone:
#   docker build --target storage-job -t hearth/storage-job .
FROM ${DEBIAN} AS storage-job
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates libarchive13 libcurl4 libssl3 libzstd1 libfmt9 \
 && rm -rf /var/lib/apt/lists/*
COPY --from=build /src/build/release/storage-job/storage-job /usr/local/bin/storage-job
VOLUME /data
ENTRYPOINT ["storage-job"]

FROM ${DEBIAN}
# The PostgreSQL package would also create a server of its own; only its programs are wanted.
RUN mkdir -p /etc/postgresql-common/createcluster.d \
 && echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.d/hearth.conf \
 && apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates curl postgresql \
      libuv1 libssl3 libpq5 libhiredis0.14 libcurl4 libargon2-1 libsystemd0 libpcre2-8-0 zlib1g libzstd1 libfmt9 libspdlog1.10 \
 && rm -rf /var/lib/apt/lists/*
COPY --from=build /src/build/release/gateway/hearth /usr/local/sbin/hearth
COPY --from=build /src/build/release/modules/ /usr/local/lib/hearth/modules/
COPY conf/container.conf /etc/hearth/hearth.conf
RUN mkdir -p /var/lib/hearth
VOLUME /var/lib/hearth
EXPOSE 8080
STOPSIGNAL SIGQUIT
HEALTHCHECK --interval=5s --timeout=3s --start-period=30s CMD curl -fsS http://127.0.0.1:8080/readyz || exit 1
ENTRYPOINT ["hearth", "-p", "/var/lib/hearth", "-c", "/etc/hearth/hearth.conf"]
