# syntax=docker/dockerfile:1

FROM node:24-bookworm-slim AS web
WORKDIR /build
COPY web/package.json web/package-lock.json web/.npmrc ./
RUN npm ci --no-audit --no-fund
COPY web/ ./
RUN npm run build

FROM python:3.13-slim-bookworm AS python
WORKDIR /srv/guidan
RUN python -m venv /opt/guidan
COPY requirements.lock requirements-build.lock ./
RUN /opt/guidan/bin/pip install --no-cache-dir --no-deps --require-hashes -r requirements-build.lock -r requirements.lock
# Installed in place, so that migrations, reference data and the web application are found where they lie.
COPY pyproject.toml README.md LICENSE alembic.ini ./
COPY migrations/ migrations/
COPY data/ data/
COPY geo/ geo/
COPY app/ app/
RUN /opt/guidan/bin/pip install --no-cache-dir --no-deps --no-build-isolation --no-index -e . \
 && /opt/guidan/bin/pip uninstall -y setuptools pip \
 && /opt/guidan/bin/python -m compileall -q app geo migrations

FROM python:3.13-slim-bookworm AS runtime
# What pictures are written with.
RUN apt-get update -q \
 && apt-get install -y -q --no-install-recommends fonts-noto-cjk \
 && rm -rf /var/lib/apt/lists/*
RUN useradd --system --uid 10001 --create-home --home-dir /var/lib/guidan guidan
COPY --from=python /opt/guidan /opt/guidan
COPY --from=python /srv/guidan /srv/guidan
COPY --from=web /build/dist /srv/guidan/web/dist
WORKDIR /var/lib/guidan
ENV PATH=/opt/guidan/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    NUMBA_CACHE_DIR=/var/lib/guidan/numba \
    GUIDAN_HOME=/var/lib/guidan \
    GUIDAN_HOST=0.0.0.0 \
    GUIDAN_PORT=8765
USER guidan
EXPOSE 8765
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=6 \
  CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f\"http://127.0.0.1:{os.environ['GUIDAN_PORT']}/healthz\", timeout=2)"]
# There is no database server in this image: it needs DATABASE_URL.
ENTRYPOINT ["guidan"]
CMD ["serve"]
