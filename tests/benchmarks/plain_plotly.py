"""The baseline: st.plotly_chart with on_select and st.image, with Streamlit's default settings,
including garbage collection after each run."""

import numpy as np
import plotly.graph_objects as go
import streamlit as st

import vae
from vae import latent

st.set_page_config(layout="wide")
st._config.set_option("runner.postScriptGC", True)


@st.cache_resource
def prepared():
    checkpoint = vae.load("checkpoints/fashion-vae")
    data = vae.load_dataset("fashion-mnist-starter")
    return (checkpoint.model, latent.split_codes(checkpoint, data.test).mean, data.test.labels)


model, codes, labels = prepared()
figure = go.Figure(
    go.Scattergl(x=codes[:, 0], y=codes[:, 1], mode="markers", marker={"color": labels, "size": 4})
)
left, right = st.columns([3, 1])
with left:
    event = st.plotly_chart(figure, key="map", on_select="rerun", selection_mode="points")
points = event["selection"]["points"] or [{"x": 0.0, "y": 0.0}]
z = np.array([[points[0]["x"], points[0]["y"]]])
right.image(latent.decode_uint8(model, z)[0, :, :, 0], width=280, output_format="PNG")
